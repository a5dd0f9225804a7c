# What chatsim prints, in English. A text is used for what its name says; { $values } are put in.

predicted = predicted
simulated = simulated
live = live
broker = broker
unknown = unknown
report = Report
findings = What was found
figures = Figures
by_hand =
    Values: rest the mouse on a mark, or go to a panel with Tab and on with the arrow keys. A click on
    the head of a column sorts a table.
not_reportable = Do not hand in these numbers
delivered_by = { $world }: { $part }% of what is delivered is there after { $time } ms
tile_sent = Messages
tile_sent_note = in { $cases } cases
tile_delivered_note = from the case with the least to the one with the most
tile_agreeing = As theory expects
tile_agreeing_value = { $agreeing } of { $tested }
tile_agreeing_note = numbers that theory can be held against, of all cases and sources
tile_farthest = Farthest from theory
tile_farthest_note = standard errors ({ $case }, { $measure }, { $world })
table = Table
meaning = What the numbers mean
costs = What real time cost
disclosure = How this was made
nothing_to_draw = There are no records to draw
data_behind = The numbers behind it
figure = Figure { $number }
milliseconds = milliseconds

## A run

title_experiment = Experiment { $number }: { $name }, { $started }
title_sweep = Retries and timeouts, { $started }
what =
    { $cases } cases of { $messages ->
        [one] 1 message
       *[other] { $messages } messages
    } each, with the seed { $seed }. The same seed gives the same fates to the packets of all cases.
conditions = Conditions of each case
in_common = The same in all cases that have it: { $conditions }.
different = Different, as the table of conditions has it: { $conditions }.
no_window = none
sent_every = every { $interval } ms
sent_when_there_is_room = when the window has room
lost_in_bursts = { $percent }, in bursts of { $length } s
lost_apart = { $messages }, of the ACKs { $acks }
timeout_doubled = { $timeout }, doubled each time
subscribers_in_order = { $subscribers }, in order
condition_columns =
    Case
    Lost
    Delay of a packet (ms)
    Retries
    Timeout (ms)
    Window
    A message is sent
    Subscribers
case_done = { $number }/{ $all }: { $case }
watch_at = watch this run at { $url }
watch_begins = The run begins
watch_now = { $done } of { $all } cases done; now { $case }
watch_over = The run is over. This page stays as it is.
watch_lost = The run has ended, or cannot be reached any more. This page stays as it is.
time_left = { $time } left
stopped = stopped: { $kept ->
        [0] nothing is complete yet in { $dir }
        [one] the records of 1 case are complete and kept; `chatsim report { $dir }` makes tables of them
       *[other] the records of { $kept } cases are complete and kept; `chatsim report { $dir }` makes tables of them
    }
stopped_nothing = stopped: nothing is kept, since this writes no files
broker_carries = { $address } carries the messages of { $cases ->
        [one] 1 case
       *[other] { $cases } cases at once
    }: about { $seconds } s
left_out = { $case }, { $world }: left out, since it would take { $minutes } minutes
broker_away = the broker at { $address } is away since { $since } UTC; its messages wait until it is back, for { $seconds } s at most
broker_back = the broker at { $address } is back after { $seconds } s; its messages go on
mark_partial = PARTIAL: nothing was simulated of { $cases }
notes =
    The source says where the numbers of a row are from: predicted by theory, simulated in virtual time, live with real
    timers, or with a broker that carries the messages. Shares and counts are per message and subscriber. A message that
    was delivered may still be reported as failed: none of its ACKs has come in time. Latency is from the first attempt
    to the first delivery, of messages that were delivered; p99 is what 99% of them do not exceed. A message holds its
    place in the window until it is acknowledged or given up. What is predicted comes from probability theory alone. The
    last two columns say how many numbers of the row's case and source agree with it (less than 4.2 standard errors away,
    by chance alone one number in 37,000 is farther), and how many standard errors the farthest is away. They count
    numbers that have no column, too; times of live and broker are not among them, since theory knows of no late timers.

## The experiments

experiment_normal = Direct and PubSub under normal conditions
experiment_high_loss = High loss
experiment_latency = Latency and throughput
experiment_parameters = Retries and timeouts of PubSub
experiment_bursts = Losses that come together

expected_normal = PubSub is more reliable, and slower.
expected_high_loss = with retries PubSub still delivers most messages, and Direct loses many.
expected_latency = a higher latency lowers the throughput.
expected_parameters = many retries and a long timeout are reliable, but slow.
expected_bursts = by the loss alone, two retries leave one message in a thousand undelivered.

found_beside = Expected before the run: { $expected } Found: { $found }
beside_theory = { $observed } (theory: { $theory })
found_normal =
    PubSub delivered { $pub_sub } in { $pub_sub_ms } ms and Direct { $direct } in { $direct_ms } ms on average. But ten
    messages do not show it reliably: in { $not_worse } of { $classes } classes of ten Direct delivered as many
    (theory: { $theory } of all classes).
found_high_loss =
    PubSub delivered { $pub_sub }, with 5 retries { $persistent }, and Direct { $direct }. But { $failed } of PubSub's
    messages were delivered and yet reported as failed, because their ACKs were lost (theory: { $theory }).
found_latency =
    With a window of { $window } messages the fast network delivers { $fast } messages a second and the slow one { $slow }.
    Without a window they deliver { $fast_open } and { $slow_open }, whatever the latency is: it is the window that limits.
found_same_delivered =
    A timeout does not change what is delivered: with the same retries each timeout delivered the same number of messages.
    That is so by construction, since all cases meet the same fates.
found_other_delivered = With the same retries not every timeout delivered the same number of messages, which theory excludes.
found_parameters =
    It trades duplicates for time: with { $retries ->
        [one] 1 retry
       *[other] { $retries } retries
    } a timeout of { $short } ms makes { $short_duplicates } duplicates per message and delivers in { $short_ms } ms; one of
    { $long } ms makes { $long_duplicates } and takes { $long_ms } ms on average.
found_bursts =
    If the same losses come in bursts of { $length } s, PubSub leaves { $missing } undelivered, not { $single }: its
    retries end before the burst does (theory: { $theory }). Direct loses { $direct }, as without bursts.
found_agreement =
    { $agreeing } of { $all } numbers agree with theory: they are less than { $errors } standard errors away, or no less
    probable than that where they are rare. { $worlds ->
        [one] Each measure of each case counts. All cases meet the same fates, so these are not as many independent tests.
       *[other] Each measure of each case counts once for each of { $worlds } sources. All cases and sources meet the same
        fates, so these are not as many independent tests.
    }
found_others = These do not: { $names }.
found_lateness =
    In real time 99% of the timers of every case were at most { $late } ms late. Live runs go { $speed } times as fast as
    the times in the table, where that is { $longer } ms: live times are longer, by a part of it for each packet on the way.

## Numbers

measure_delivered = Delivered
measure_delivered_to_all = Delivered to all subscribers
measure_acknowledged = Acknowledged
measure_failed = Failed though delivered
measure_attempts = Attempts
measure_copies = Copies that arrive
measure_duplicates = Duplicates per message
measure_packets = Packets
measure_latency = Mean latency (ms)
measure_p99 = p99 latency (ms)
measure_time_to_ack = Time to ACK (ms)
measure_held = Time in window (ms)
measure_throughput = Delivered per s

summary_columns =
    Case
    Source
    Delivered
    Acknowledged
    Failed though delivered
    Attempts
    Duplicates
    Mean latency (ms)
    p99 latency (ms)
    Time in window (ms)
    Delivered per s
    Agree
    Farthest (z)

runner_columns =
    Runner
    In flight
    Threads
    More memory (MiB)
    Timers
    Late p50 (ms)
    Late p99 (ms)
    Late max (ms)

cost_columns =
    Case
    Runner
    Speed
    Threads
    Memory (MiB)
    Timers
    Late p50 (ms)
    Late p99 (ms)
    Late max (ms)

## Figures

distributions_title = How long it takes until a message is delivered
distributions_caption =
    The part of all messages that is delivered by a time, counted from the first attempt: the line as theory has
    it, the marks as it came. Each step is one attempt more; a line that ends below 1 loses the rest.
distributions_columns =
    Case
    Source
    Part of the delivered
    Predicted (ms)
    Observed (ms)
distances_title = How far the numbers are from theory
distances_caption =
    Each mark is a number of a case. { $within } of { $all } are within two standard errors. Chance would put 95% there if
    they were independent; but all cases and sources meet the same fates, so they are off in the same direction. Of the
    { $tested } numbers that theory is held against, the others are too rare for a standard error and are not drawn;
    their exact chance is in table.csv.
distances_axis = standard errors (z)
distances_mark = a number of one of the { $cases } cases
distances_band = where 95% belong
distances_limit = where a number no longer agrees
distances_columns =
    Case
    Number
    Source
    z
heat_title = What retries and timeouts buy, and what they cost
heat_caption =
    A row for each number of retries, a column for each timeout in milliseconds; the darker, the more. Retries decide
    what is delivered; the timeout decides what it costs.
heat_axis = down: retries; across: timeout (ms)
heat_columns =
    Retries
    Timeout (ms)
    Delivered
    Failed though delivered
    Duplicates
    Mean latency (ms)

## How it was made

raw_files = Raw files
raw_environment = how and when it was made, with the configuration of every case
raw_records = the rows "{ $world }", a file for each case: what became of each message at each subscriber, moments in nanoseconds
raw_costs = what waiting for the deliveries cost, and how late timers were by the wall clock
raw_traces = the lives of the first 20 messages, a file for each case, for chatsim replay
term_version = Version
term_commit = Commit
term_rustc = Compiler
term_build = Build
term_command_line = Command line
term_started = Started
term_seed = Seed
term_messages = Messages in each case

## Gates

gate_met = gate { $gate }: met ({ $checked } checked)
gate_not_met = gate { $gate }: NOT met by { $broken } of { $checked }
gate_more = and { $more } more
gate_value = { $column } is { $value }
gate_no_value = { $column } has no value
gate_no_rows = { $column } has no value: no row has what it is counted from

## Check

check_agree =
    { $agreeing } of { $all } numbers agree with theory, in { $cases } cases of { $messages } messages; theory says nothing about { $silent } more
check_far = DISAGREES: { $case }: { $measure } is { $observed }, predicted { $predicted }: { $z } standard errors, at most { $most }
check_rare = DISAGREES: { $case }: { $measure } is { $observed }, predicted { $predicted }: the chance of that is { $p }, at least { $least }

## Replay

replay_same = All { $facts } facts are the same once more.
replay_differs = DIFFERS at line { $at }: the trace has { $in_trace }; replayed it is { $replayed }
replay_nothing = nothing
replay_message = Message { $id }
fact_created = created
fact_sent = sent, attempt { $attempt }
fact_ack_sent = ACK of attempt { $attempt } sent
fact_lost = attempt { $attempt } lost
fact_ack_lost = ACK of attempt { $attempt } lost
fact_held = attempt { $attempt } arrived too early, held back
fact_delivered = delivered by attempt { $attempt }
fact_duplicate = attempt { $attempt } arrived as a duplicate
fact_acknowledged = acknowledged by the ACK of attempt { $attempt }
fact_late_ack = ACK of attempt { $attempt } arrived too late to matter
fact_given_up = given up, not delivered
fact_given_up_delivered = given up and reported as failed, though it was delivered
fact_dead_letter = dead letter: nothing can deliver it any more
fact_at = subscriber { $subscriber }: { $what }
