### The words of stress-run in English. id.ftl beside it has the same ones in Indonesian.
###
### Project Fluent's format: NAME = text, where { $mode } stands for what the program puts in, and
### a text goes on in lines that are indented. A test says what is missing or too much. In
### *_columns and *_parts each line is one head.

## Tables

table_columns =
    Number
    Operation
    Volume
    Client workers
    Server workers
    Total time per client (s)
    Throughput per client (bytes/s)
    Client workers succeeded/failed
    Server workers succeeded/failed
# Shorter, for a terminal.
screen_columns =
    No.
    Operation
    Volume (MiB)
    Clients
    Workers
    Time per client (s)
    Throughput per client (MiB/s)
    Clients ok / failed
    Workers ok / failed (bursts)
# The table of LIST has it in place of the volume.
names_column =
    Files
# A bare 50/0 becomes a date in spreadsheets.
counts = { $succeeded } succeeded, { $failed } failed
# In each burst all clients of the row made a transfer.
in_bursts = { $counts } (in { $bursts } bursts)
table_of = Server mode: { $mode }
# FETCH and STORE, without base64.
table_of_raw = Server mode: { $mode }, content as it is (raw)
lists_of = Server mode: { $mode }, the operation list
table_notes =
    1 MiB is 1,048,576 bytes. The volumes have the names of the course's assignment, which writes
    10 MB for 10 MiB. All clients of a row start together. The time of a client runs from this
    start until its last byte is received and written, so it contains the wait for a free worker. A
    row shows the mean time of the clients that succeeded. Their throughput is the sum of their
    bytes divided by the sum of their times, so time × throughput is the volume. The table of nine
    columns has it in bytes per second. Every byte of theirs was checked. The server counts its
    workers: those whose transfers all succeeded, and those with a failure. A worker without a
    transfer is in neither number. A short row is measured in several bursts: its clients start
    together again and again, so one client may meet many workers. With repetitions a row shows the
    median repetition: its mean time is the one in the middle (of two in the middle, the faster
    one). Where clients failed, it shows the repetition with the most failures.

## Cells and servers

cell = { $what }, { $clients ->
        [one] { $clients } client
       *[other] { $clients } clients
    }
server = { $mode } mode with { $workers }
workers = { $count ->
        [0] an unknown number of workers
        [one] { $count } worker
       *[other] { $count } workers
    }
pool = pool of { $workers }
load = { $clients ->
        [one] { $clients } client with { $volume }
       *[other] { $clients } clients with { $volume } each
    }
row = { $mode }, row { $number }
repetitions = { $count ->
        [one] { $count } repetition
       *[other] { $count } repetitions
    }
seconds = { $number } s

## While a run is going on

starting = starting the server in { $server }
calibrating = measuring what the clients reach with a server that does nothing
not_measured = { $server } was not measured: { $why }
replaced_when_warm = { $server } was replaced after its warm-up: { $why }
ceiling_not_measured = the ceiling of the clients was not measured: { $why }
disturbed = (disturbed: { $why })
time_left = { $time } left
removed_abandoned = removed { $dir }, which a run that was killed had left
# Of files on the server that was measured.
left_behind = the server still has these files of stress-run: { $names }
and_more = { $names } and { $more } more
perhaps_left_behind =
    files of stress-run, named stress-..., may be left on the server, which does not list its files:
    { $why }

## For those who watch

watch_at = watch this run at { $url }
watch_begins = The run begins
watch_over = The run is over. This page stays as it is.
watch_lost = The run has ended, or cannot be reached any more. This page stays as it is.
watch_now = { $done } of { $all } measured; now { $what }

## What a run prints at its end

configurations = Configurations completed: { $completed }/{ $all }, failed: { $failed }/{ $all }
# So many clients of a cell failed for a cause, of which the sentence tells more.
failed_clients = { $cell }: { $count } failed ({ $cause }): { $sentence }
invalid_cell = INVALID: { $cell }: { $why }
missing_transfers =
    workers.jsonl.gz lacks { $count } transfers that are in cells.csv; the figures of single clients
    leave them out
report = Report
# Each stands above a command.
next_resume = To measure the rows that are missing or were disturbed
next_whole = To measure the full volumes
next_repeat = To tell differences from chance, measure more often
next_modes = To see which mode is faster under each load
next_encodings = To see in which rows base64 costs time, and how sure that is
next_compare = To compare this run with another one
gate_met = gate { $gate }: met ({ $checked } checked)
gate_not_met = gate { $gate }: NOT met by { $broken } of { $checked }
gate_more = and { $more } more
gate_value = { $column } is { $value }
gate_no_value = { $column } has no value
gate_no_rows = { $column } has no value: no row has what it is counted from

## What limits the use of a run

mark_quick = QUICK: a tenth of the volumes, for trying it out
mark_partial = PARTIAL: the run is not complete; cells are missing
mark_invalid = INVALID: wrong bytes, or counts that disagree, in { $cells ->
        [one] { $cells } cell
       *[other] { $cells } cells
    }
mark_disturbed = DISTURBED: the machine had other load, or stood still, during { $cells ->
        [one] { $cells } cell
       *[other] { $cells } cells
    }
mark_injected = INJECTED: the server was told to make faults: { $faults }

## What cells.csv says of a cell, always in English; the report says it in its language

others_took =
    of { $available } s of CPU time other programs took { $foreign } s and other machines { $steal } s
pages_swapped = { $pages } pages of memory were swapped
limit_stopped = a limit on CPU time stopped the programs { $times } times
stood_still = of { $watched } s stress-run stood still for { $still } s
server_was_stopped = the server was stopped for a time
wrong_bytes = { $clients } clients moved wrong bytes
counts_disagree =
    the clients count { $ok } succeeded and { $failed } failed, the server { $server_ok } and
    { $server_failed }
no_worker_served = the server counts requests that none of its workers served
bytes_disagree = the clients count { $bytes } bytes, the server { $server_bytes }
counts_afterwards = the server's counts afterwards: { $why }

## The plan

plan_rows = { $rows } rows, { $cells } cells in { $repetitions }
plan_time = takes about { $time } on two cores; more with a slow disk
plan_payload = moves { $payload } of file content ({ $bytes } bytes)
plan_disk = needs { $disk } of disk for temporary files
plan_memory = needs about { $memory } of memory
about_seconds = { $count ->
        [one] { $count } second
       *[other] { $count } seconds
    }
about_minutes = { $count } minutes
about_hours = { $count } hours

## The comparison of two runs

comparison_columns =
    Operation
    Volume (MiB)
    Clients
    Workers
    Mean A (s)
    Mean B (s)
    Speed B / A
    p, corrected
    B is
# Of the table that counts the verdicts.
tally_columns =
    Mode
    Rows
    Faster
    Slower
    Within 5%
    Inconclusive
    Not comparable
    Speed B / A
# All modes together, all volumes, all numbers of clients.
all = all
# Above the reasons.
nothing_compared = Nothing can be compared:
not_compared = Not compared (--csv names the rows):
rows_because = { $count ->
        [one] { $count } row
       *[other] { $count } rows
    }: { $reason }
# Between modes a load is one for all of them.
loads_because = { $count ->
        [one] { $count } load
       *[other] { $count } loads
    }: { $reason }
across_machines = With --across-machines runs of two machines are compared all the same.
machines_differ = ACROSS MACHINES: a difference may come from the machine, not from the program:
verdict_faster = faster
verdict_slower = slower
verdict_same = within 5%
verdict_inconclusive = inconclusive
verdict_not_comparable = not comparable
side_run = the run
side_mode = { $mode } mode
other_machine = another machine: { $what } is { $in_a } in A and { $in_b } in B
other_settings = other settings: { $what } is { $in_a } in A and { $in_b } in B
side_invalid = { $side } is INVALID
side_partial = { $side } is PARTIAL
not_measured_in = not measured in { $side }
clients_failed_in = { $count ->
        [one] { $count } client failed in { $side }
       *[other] { $count } clients failed in { $side }
    }
too_many_repetitions = more repetitions in { $side } than the test can take
comparison_notes =
    The times are the mean over the clients of a row, in the median repetition. Speed is the time of
    A divided by that of B: above 1, B is faster; over several rows it is the geometric mean. Within 5%
    is what was measured; it does not prove that both are equally fast. Faster and slower need a difference beyond 5% and a corrected p of at most
    0.05: the exact two-sided Mann-Whitney test over at least 4 repetitions on each side, corrected
    for the number of rows (Benjamini-Hochberg). Inconclusive: beyond 5%, and chance could be all of
    it.

## The comparison of modes

mode_columns =
    Volume (MiB)
    Clients
    Mode
    Workers
    Goodput (MiB/s)
    Speed
    95% range
    p, corrected
    Verdict
which_mode = Which mode?
# In the place of a verdict.
fastest = fastest
operation_all_loads = { $operation }, all loads
modes_under = { $load }: { $fastest } has the highest goodput; { $others }.
# One mode beside the fastest.
mode_same = { $mode } is within 5% ({ $ratio } times as fast, 95% range { $range })
mode_slower = { $mode } is slower ({ $ratio } times as fast, 95% range { $range })
mode_unsure = { $mode } may be slower ({ $ratio } times as fast, 95% range { $range })
mode_not_comparable = { $mode } cannot be compared
no_mode_tested =
    Which mode is faster cannot be told from so few repetitions; --repeat { $repetitions } can show
    it.
no_mode_slower = Load by load, no mode is shown to be slower than another.
matrix_corner = × as fast as
matrix_notes =
    Each field says how fast the mode of its row is as a multiple of the mode above it, and below that
    the 95% range. Each mode has its best pool.
each_load = The modes under each load
how_judged = How that is judged
slower_under = Load by load, { $mode } is slower under { $count } of { $loads }, at worst { $worst }.
worst_under = { $ratio } times as fast as { $fastest } (95% range { $range }; { $cell })
unsure_under =
    Under { $unsure } of { $loads } loads modes differ by more than 5%, and chance could be all of
    it: the least p, corrected for so many pairs, is { $p }. More repetitions (--repeat) can show what
    is there.
mode_notes =
    Each mode has the pool with its highest goodput: all bytes divided by the time until the last
    client is done, in the repetition where that is the median. Pools with failed clients are left
    out. Speed is that goodput as a multiple of the fastest mode's; the 95% range holds its true
    value, this row taken by itself. All loads together: the geometric mean. The same repetitions
    choose the pool and are tested. So that the choice does not flatter a mode, it counts as faster
    only where its best pool is faster than each pool of the other mode, and p is multiplied by the
    number of its pools. p is that of the exact two-sided Mann-Whitney test, corrected also for all
    pairs of modes (Benjamini-Hochberg). Within 5%: as measured, which does not prove that both
    are equally fast. Slower: beyond 5%, and p is at most 0.05.
    Inconclusive: beyond 5%, and chance could be all of it.

## A load

ask_clients = How many clients?
clients_needed = a number from 1 to { $most } is needed
ask_message = Which message do they send?
message_needed = a text of at least one letter is needed
too_few_workers =
    warning: the target has { $workers ->
        [one] { $workers } worker, which serves
       *[other] { $workers } workers, each of which serves
    } one connection until it closes. { $clients } clients keep theirs, so some wait until others are
    done; --new-connection lets them take turns
client_count = { $count ->
        [one] { $count } client
       *[other] { $count } clients
    }
load_of = { $clients }, { $pace }: { $mix } to { $server }
closed_loop = { $requests ->
        [one] one request each
       *[other] { $requests } requests each, one after the other
    }
closed_loop_for = for { $duration } one request after the other
open_loop = { $rate } requests a second for { $duration } (open loop)
response_time = Response time
response_columns =
    Request
    OK / failed
    Rate (1/s)
    KiB/s
    Mean (ms)
    p50 (ms)
    p90 (ms)
    p99 (ms)
    p99.9 (ms)
    Longest (ms)
first_byte = Latency to the first byte
first_byte_columns =
    Request
    Mean (ms)
    p50 (ms)
    p90 (ms)
    p99 (ms)
    p99.9 (ms)
    Longest (ms)
each_client = Each client
client_columns =
    Client
    OK / failed
    Rate (1/s)
    KiB/s
    Mean (ms)
    p50 (ms)
    p99 (ms)
    Longest (ms)
    First byte, mean (ms)
by_backend = By backend
backend_columns =
    Backend
    OK / failed
    Share
    Tried again elsewhere
more_clients = { $count ->
        [one] and { $count } client more, which --json prints and --out keeps
       *[other] and { $count } clients more, which --json prints and --out keeps
    }
longest_gap = Longest time without a success: { $length }, from { $from } on.
# So many requests failed for a cause, of which the sentence tells more.
failed_requests = { $count } failed ({ $cause }): { $sentence }
unsent = { $count ->
        [one] { $count } request was
       *[other] { $count } requests were
    } due and never sent, because no client was free in time. The times would be longer with them.
load_interrupted = Interrupted. { $unfinished ->
        [0] No request was under way.
        [one] { $unfinished } request was under way and not waited for.
       *[other] { $unfinished } requests were under way and not waited for.
    }
load_invalid = INVALID: { $why }
wrong_answers = { $count ->
        [one] { $count } answer was wrong
       *[other] { $count } answers were wrong
    }
uploads_unverified = The uploads could not be verified: { $why }
target_counts_nothing = The target counts nothing, so nothing confirms what the clients count.
target_counts_unknown = The target's counts could not be checked: { $why }
both_counts = { $requests }: the clients count { $clients }; the target { $target }
counts_agree = The clients and the target count the same: { $counts }
# Of what failed at a client, the target may have seen nothing, or more.
counts_fit = The counts agree but for failures. { $counts }
# Of those that a balancer has forwarded.
backends_fit =
    The servers behind the balancer agree, but for failures, a LIST that is one for each of them, and
    tokens. { $counts }
# All servers behind a balancer, before their counts.
all_backends = backends
load_title = A load on { $server }
load_opening =
    The target answers { $rate } requests a second; half of them take at most { $p50 } ms, and one of a
    hundred takes more than { $p99 } ms.
load_unanswered = No request succeeded.
load_begun = The load is on its way. What came of it stands here when it is over.
load_measuring = requests until now: { $counts }
load_answered_note = requests in { $time }
load_mean = Mean (ms)
load_mean_note = at most { $longest } ms
load_gap_note = without a success, from { $from } on
load_figure = How response times are distributed
load_caption = At p99 one request of a hundred takes longer. Each line is one kind of request.
load_panel = response time (ms), by quantile
load_notes =
    Times are of requests that succeeded, until the last and until the first byte of the answer. In a
    closed loop they count from the moment when the client was free, in an open loop from the moment when
    the request was due, whether a client was free then or not. A quantile is at most 0.1% too long. Rates
    count from the release of the clients to the end of the last request in the row.

## A balancer

balance_measured = Measured
balance_measured_columns =
    Scenario
    Policy
    OK / failed
    Retries
    Mean (ms)
    p50 (ms)
    p99 (ms)
    Longest (ms)
    Longest gap (ms)
balance_worlds = On paper, simulated, measured
balance_worlds_columns =
    Scenario
    Policy
    Mean on paper (ms)
    Mean simulated (ms)
    Mean measured (ms)
    p99 simulated (ms)
    p99 measured (ms)
    Share of a on paper
    Share of a simulated
    Share of a measured
balance_calibrating = measuring what a request takes beside its service
balance_calibrated =
    beside its service a request keeps its worker busy for { $worker } ms, and is under way for { $transit } ms
balance_of =
    { $servers } servers behind a balancer, with { $workers ->
        [one] { $workers } worker
       *[other] { $workers } workers
    } each. A server is told to take { $service } ms for a request. What arrives keeps them { $utilisation } busy;
    where something happens to one server, it would keep the others that busy alone. About { $requests } requests in
    each row, in { $repetitions }.
balance_besides =
    Requests wait at the servers, { $places } at each at most. Beside its service a request keeps its worker busy
    for { $worker } ms, and is under way for { $transit } ms, on paper and in the simulation too.
balance_row = { $number }/{ $all }: { $scenario }, { $policy }
balance_quick = QUICK: the rows are too short to be relied on
balance_invalid = INVALID: { $row }: { $why }
balance_as_simulated =
    In { $within } of { $rows } rows mean and p99 are within { $band } of the simulated ones; the farthest is
    { $worst }, with { $mean } in the mean and { $p99 } in the p99.
balance_side =
    The measured mean is below the simulated one in { $below } of { $rows } rows: the distances go from { $least } to
    { $most }, and the middle one is { $middle }.
balance_overhead_long =
    The shortest response was { $measured } ms, and { $simulated } ms in the simulation: what a request takes beside its
    service (the overhead) was measured before the rows, and was longer then.
balance_below_paper =
    { $below } of { $rows } measured means are below the least that is possible on paper: paper counts with the same
    overhead as the simulation.
balance_slow =
    With one server { $times } times as slow as the others the mean times are: { $order }. { $best } sends the slow server
    { $best_share } of all requests, { $worst } { $worst_share }.
# Said of round-robin, after balance_slow.
balance_full =
    { $policy } sends it more than it can serve: soon it has the { $places } requests that the balancer sends a
    server at once, and the others get the rest.
balance_equal = Where all servers are alike they are: { $order }.
balance_once =
    Each row was measured once, so no spread is known: means that are close do not say which policy is better.
balance_incidents =
    While a server was killed, stopped or drained, { $failed } of { $all } requests failed and { $retries } were
    sent again; the longest response took { $longest } ms ({ $row }).
balance_pause =
    The longest time without any answer was { $gap } ms there, and { $undisturbed } ms where nothing happens to equal
    servers.
balance_pause_common = It begins at the same moment in all of these rows: the arrivals, which are the same, pause there.
balance_scenarios =
    Scenarios: equal: all servers are alike; unequal: server a takes { $times } times as long; killed, stopped, drained: that
    happens to a from a third to two thirds of the time (stopped stands still, drained gets no new requests); burst:
    requests arrive { $burst } at a time.
balance_policies =
    Policies: round-robin takes servers in turn; least-connections takes the one with the fewest requests in flight;
    two-choices draws two and takes the one with fewer; peak-ewma draws two and takes the one that is expected to answer
    sooner, by its latest times and its requests in flight.
balance_notes =
    Times are of requests that succeeded, from the moment when they were due until the last byte of their
    answer. The longest gap is the longest time without any success. A retry is a request that was sent
    again after its server was lost. The share of a is the part of all requests that server a answered; a is the
    slow one, or the one that is killed, stopped or drained. Of several repetitions the one with the median mean time
    is shown. The simulation is the balancer's own code in virtual time, with the same arrivals and the same
    dice. Every row that nothing happens to comes to a steady state, since a server that gets more than it
    can serve is full after a while and gets no more. On paper are means in the long run, with the same overhead as in
    the simulation. With that overhead no policy can be better than one queue for all workers (M/D/c), and taking
    turns among equal servers is as good. Where a server is away for a third of the time, the least is about the mean
    of such a queue with it and without it. To look at requests in flight is no worse than to throw dice (M/D/1, with
    one worker). Bursts are served in rounds, and equal servers have equal shares. A field on paper is empty where no
    formula is known.

balance_opening =
    With one server { $times } times as slow as the others, requests take on average: { $order }.
balance_opening_equal = Where all are alike, { $best } has the shortest mean, { $mean } ms.
balance_not_ranked = One slow server was not measured with two policies.
balance_pair = { $row }: { $measured } ms measured, { $expected } ms expected
balance_quantile = { $policy }, p{ $quantile }: { $measured } ms measured, { $simulated } ms simulated
balance_answered = Answered
balance_answered_note = requests, in { $rows ->
        [one] { $rows } row
       *[other] { $rows } rows
    }
balance_failures_note = of { $requests } requests, unsent ones included
balance_agreeing = As simulated
balance_agreeing_value = { $within } of { $rows } rows
balance_agreeing_note = mean and p99 within { $band } of the simulation
balance_gap = Longest gap
balance_longest = Longest response
balance_longest_note = while a server was killed, stopped or drained ({ $row })
balance_disturbed = DISTURBED: the machine had other load, or stood still, during { $rows } of { $all } rows
balance_why_off = { $others ->
        [one] The one row outside ({ $names }) was { $disturbed ->
            [0] not disturbed
           *[other] disturbed
        } by other programs.
       *[other] Of the { $others } rows outside ({ $names }) other programs disturbed { $disturbed }.
    }
balance_title = A balancer and its servers, { $started }
balance_distances_title = How far measured times are from simulated ones, and from paper
balance_worlds_caption =
    Each mark is a policy under a scenario. Left of the line it was measured to be shorter than expected, right of it
    longer.
balance_simulated_mean = Mean, against the simulated one
balance_simulated_p99 = p99, against the simulated one
balance_paper_mean = Mean, against paper where it is one number
balance_distance_axis = measured over expected, minus one
balance_band = within { $band }
balance_latencies_title = How response times are distributed
balance_latencies_caption =
    The lines are measured, the dots simulated. At p99 one request of a hundred takes longer; the last mark is the
    longest of all.
balance_latencies_columns =
    Scenario
    Policy
    Quantile
    Simulated (ms)
    Measured (ms)
balance_simulated = simulated, in the colour of its policy
balance_quantile_axis = quantile
balance_shortest = least
balance_axis_longest = longest
balance_shares_title = Which server answered how much
balance_shares_caption =
    Of all that was answered in a twentieth of the time the share of each server, a at the bottom. The two
    lines are the moments when something happens to a, and when it is undone.
balance_shares_columns =
    Scenario
    Policy
    From (s)
    To (s)
    Shares of a, b and so on
balance_seconds = seconds
balance_incidents_title = What happens to one server, and what clients see of it
balance_incidents_caption =
    The longest response among the requests that were due in each sixtieth of the time. The two lines are
    the moments when it happens to a, and when a is back. All policies together:
balance_cost = { $scenario }: { $failed } failed, { $retries } sent again, longest response { $longest } ms
balance_back = back
balance_failed = some failed
balance_incidents_columns =
    Scenario
    Policy
    From (s)
    OK
    Failed
    Longest (ms)
balance_compared_columns =
    Scenario
    Policy
    Mean A (ms)
    Mean B (ms)
    p99 A (ms)
    p99 B (ms)
    Speed B / A
    p, corrected
    B is
balance_raw_rows = every row, with all its numbers
balance_raw_quantiles = how response times are distributed, measured and simulated
balance_raw_servers = what each server had answered by a moment, as the balancer counts it
balance_raw_slices = what was due in each sixtieth of the time: how many, and the longest
term_filebalancer = Digest of filebalancer

## The report: heads, and its table

report_title = Stress test of the file server, { $started }
measured =
    Server modes: { $modes }. { $rows } of { $planned } rows were measured, in { $repetitions }.
not_reportable = Do not hand in these numbers
trial_run = Trial run: do not hand in these numbers
findings = What was found
figures = Figures
tables = Tables
meaning = What the numbers mean
about_tables =
    These are the nine columns of the CSV files and of the workbook. The run has { $repetitions }; the
    numbers of a row are all of the same one, the median repetition. In the columns of time and
    throughput the darker of two fields of a group has the larger number. A small number behind a
    value leads to a note below the table: why the value is right, though it surprises. Behind
    “details” is what the row is judged by, and where its raw records are. The range there goes from
    the smallest mean time of a repetition to the largest; from { $confidence_min } repetitions on
    it is the 95% confidence interval of the median.
details = details
row_terms =
    Range of the mean time
    Mean time of each repetition
    Goodput of all clients together
    Last client done after
    Mean wait for a worker
    Mean time by the model (error)
    Ceiling
    Share of the ceiling
    Peak memory of the server
    Remarks
    Other load on the machine
    Raw records
raw_row = { $file } and workers.jsonl.gz: { $columns } (the repetition shown here)

## The report: why a number of the table is right, though it surprises

note_disturbed =
    While this row was measured the machine had other load, or stood still; “details” says how much.
    Measured alone it may be faster.
note_mean =
    This mean is lower than with the most workers, and yet the server is no faster: few workers serve
    the clients one after another, so the first are done early and pull the mean down. The last
    client is done as late, or later (see “last client done after” in the details of both rows).
note_limited =
    The clients reach at least { $limit } of what the same clients reach with a server that does
    nothing. So this row shows how fast the clients are; the server may be faster.
note_failed = Clients failed. Time and throughput are of those that succeeded; “details” has the causes.
note_bursts =
    More workers than clients, and all of them served: the row is short, so its clients started again
    and again, in as many bursts as the field says. In each burst a client has one worker, but not
    always the same one. The field counts the workers that served in any burst.
note_idle =
    Fewer workers than the pool has, though there were clients for all of them: whoever was done
    early took the next client too. A worker that served nobody is in neither count, so the two do
    not add up to the pool.
flag_disturbed = in { $disturbed } of { $repetitions } repetitions: { $why }
flag_attempts = { $attempts } attempts for { $repetitions } repetitions, of which the last ones count
flag_invalid = INVALID: { $why }
flag_server = server failed: { $why }
## The report: its first screen

opening_failed = { $failed } of { $clients } clients failed.
opening_untested =
    Which mode is faster cannot be told from { $repetitions }: they differ by up to { $apart }
    ({ $operation }), and chance may be all of it.
opening_same =
    No mode is shown to be faster than another. Over all loads, each with its best pool, they differ by at
    most { $apart } ({ $operation }); half of the single rows differ by { $scatter } or more when they are
    measured again.
# So many loads of a mode.
slower_in = { $mode } under { $count }
opening_slower = Some modes are slower than the fastest, of { $loads } loads: { $slower }.
opening_pools =
    In { $mode } mode the best server for { $operation } ({ $load }) is the { $pool } with { $rate },
    { $ratio } times what the worst pool reaches ({ $worst }).
tile_verified = Verified
tile_verified_note =
    every byte of { $transfers } transfers was checked; in a row of several bursts a client makes several
tile_failures = Failures
tile_failures_note = of { $clients } clients, in all attempts
tile_best = Best rate
tile_best_note = { $operation }, all clients together ({ $row })
tile_apart = Modes differ by
tile_apart_note = at most, in { $operation } over all loads.
tile_repetitions = Repetitions
tile_scatter = The same row, measured again, differs by { $scatter } (the median row).
tile_no_scatter = One repetition: how much of a difference is chance is not known.
by_hand =
    Values: rest the mouse on a mark, or go to a panel with Tab and on with the arrow keys. A click on
    the head of a column sorts a table.

## The report: what was found

# A value and the row that it is from.
of_row = { $value } ({ $row })
nothing_measured = No row has a time: nothing was measured, or every transfer failed.
failures =
    { $failed } of { $clients } clients failed, in { $rows ->
        [one] { $rows } row
       *[other] { $rows } rows
    }; the most in { $row } ({ $causes }).
best = Fastest for { $load }, all clients together: { $servers }.
best_server = { $operation } { $rate } in { $mode } mode with { $workers } ({ $source })
# Of the repetitions of a row.
range = range { $low }–{ $high }
# The smallest pool beside the largest one: first what it means to one client, then to all.
turns = In { $mode } mode, { $operation }, { $load }: { $mean } { $batch } ({ $rows }).
turns_misleading =
    with { $few } the average client finishes sooner than with { $many }, after { $few_time }
    instead of { $many_time }, but the whole batch
turns_plain =
    the average client finishes after { $few_time } with { $few } and after { $many_time } with
    { $many }; with fewer workers the whole batch
batch_shorter = takes less time, { $few } instead of { $many }
batch_same = takes as long, { $few } and { $many }
batch_longer = takes longer, { $few } instead of { $many }
limited =
    { $rows } of { $of } rows are limited by the clients: they reach { $limit } or more of what the
    same clients reach with a server that does nothing.
# After it.
limited_unknown =
    Of { $rows } more rows nothing is concluded: they exceed that by a tenth or more, so it must
    have been measured under worse conditions.
lists_soonest =
    With { $clients } clients at once, { $server } answered LIST soonest: after { $mean } s in the
    mean, with the names of { $files } files.

## The report: figures

figure = Figure { $number }
data_behind = The numbers behind it
nothing_to_draw = Nothing to draw
# From the smallest of an operation to the largest, each with its row.
least_to_most = { $operation } from { $least } to { $most }

cost_title = What base64 costs
cost_caption =
    Each mark sets a row with base64 (GET, UPLOAD) beside the same row with the bytes as they are (FETCH,
    STORE). At the left stand the volume and the number of clients. Right of 1 base64 is dearer. Over
    all rows, in the geometric mean: { $costs }. CPU seconds are those of server and clients together,
    for 10⁹ bytes of content. The other figures show the rows with base64.
cost_found = With base64 instead of the bytes as they are, in the geometric mean of the rows: { $costs }.
cost_of = { $operation } { $costs }
cost_time = time × { $ratio }
cost_cpu = CPU seconds a GB × { $ratio }
cost_goodput = goodput ÷ { $ratio }
cost_pair = { $base64 } with base64, { $raw } without it: { $ratio } times
cost_cpu_value = { $seconds } CPU s/GB
cost_mean = geometric mean of a load
cost_axis = times
# In the titles of the panels.
cost_measures =
    mean time of a client, base64 / raw
    CPU seconds a GB, base64 / raw
    goodput, raw / base64
cost_columns =
    Mode
    Operation
    Volume
    Clients
    Server workers
    Time, base64 (s)
    Time, raw (s)
    base64 / raw
    CPU, base64 (s/GB)
    CPU, raw (s/GB)
    base64 / raw
    Goodput, base64 (MiB/s)
    Goodput, raw (MiB/s)
    raw / base64
no_cost = No row was measured both with base64 and without it.

gantt_title = When each client waited, and when it was served
gantt_caption =
    Each bar is one client: { $operation }, { $load }, sorted by worker, whose number stands at the
    left. “thread 5” is thread mode with 5 workers. The percentage is what the clients waited of their time, from
    the start until a worker was free. The rows: { $rows }.
gantt_left_out = { $row } without { $left_out } clients that have no timeline
gantt_panel = { $server }: { $share } waiting
gantt_bar =
    client { $client } ({ $worker }): served from { $waited } to { $finished }
gantt_waiting = waiting for a worker
gantt_served = served, in the colour of the mode (two shades tell workers apart)
gantt_axis = seconds after the start
gantt_play = Play
gantt_pause = Pause
gantt_step = Step
gantt_state = { $waiting } waiting, { $served } served, { $done } done
gantt_columns =
    Mode
    Worker
    Client
    Picked up after (s)
    Last byte after (s)
no_timeline =
    There is no timeline: workers.jsonl.gz is missing, or the server did not log when it picked up a
    successful transfer under this load.

goodput_title = Goodput against the number of clients
goodput_caption =
    Each mark is the median repetition of a row; its line goes from the smallest repetition to the
    largest. The rows range: { $ranges }. { $limited }
no_ceiling = No ceiling was measured, so it is not known which rows the clients limit.
goodput_ceiling = ceiling: what the clients reach with a server that does nothing
goodput_axis = clients
goodput_panel = { $operation } { $volume }, { $pool } (MiB/s)
goodput_others = The same for { $volumes }
goodput_columns =
    Mode
    Operation
    Volume
    Clients
    Server workers
    Median (MiB/s)
    Smallest (MiB/s)
    Largest (MiB/s)
    Ceiling (MiB/s)

time_title = Where the mean time of a client went
time_caption =
    { $load } (median repetition). Once connected, a client waits for a worker between { $least }
    and { $most } of its mean time. It computes for at most { $cpu } of it, and waits for a
    processor for at most { $run_queue }.
# In the order in which they are stacked.
time_parts =
    queue: waiting for a worker
    run queue: waiting for a processor
    CPU: the client computing
    blocked: waiting for the server, the network or the disk
time_axis = mean seconds of a client
time_columns =
    Mode
    Operation
    Server workers
    Queue (s)
    Run queue (s)
    CPU (s)
    Blocked (s)
    Together (s)
no_time_parts = The parts of the time are missing: the server or the system did not report them.

dots_title = The time of every client
dots_caption =
    { $load } (median repetition). The time of the last client divided by the mean time:
    { $ratios }.
dots_panel = { $operation } (s), by mode and pool
dots_client = one client
dots_mean = mean
dots_last = last client
dots_columns =
    Mode
    Operation
    Server workers
    Mean (s)
    Last (s)
    Every client, ascending (s)
no_clients =
    The times of single clients are missing: workers.jsonl.gz is not there, or it has no transfer
    that succeeded.

memory_title = Peak memory of the server against goodput
memory_caption =
    { $load }. The server with the least memory and the one with the most: { $ends }. Memory that
    processes share counts once (PSS).
memory_ends =
    { $operation } { $least } and { $most }, { $memory } times the memory for { $goodput } times the
    goodput
memory_end = { $memory } MiB for { $goodput } MiB/s
memory_axis = peak memory (MiB)
memory_columns =
    Mode
    Operation
    Server workers
    Peak memory (MiB)
    Goodput (MiB/s)
no_memory =
    The server's memory is missing: this run did not start the server, or the system does not report
    it.

prediction_title = Predicted against measured mean time
prediction_caption =
    The model predicts the mean time of { $within } of { $rows } rows with more than one client to
    within { $band }. Its largest error is { $worst }.
prediction_band = error of at most { $band }
prediction_axis = predicted mean (s)
prediction_panel = { $mode }, measured (s)
prediction_pair = { $measured } measured, { $predicted } predicted ({ $error })
prediction_columns =
    Mode
    Operation
    Volume
    Clients
    Server workers
    Predicted (s)
    Measured (s)
    Error
no_prediction =
    There is no prediction. It needs a row with one client and the smallest pool, the processor time
    of that row (known only of a server that the run started), and rows with more clients.

## The report: what the numbers mean

about_goodput_head = Goodput and the last client
about_goodput =
    Goodput is the bytes of all clients divided by the time from their start until the last of them
    is done. The mean time alone misleads: where clients wait in line for few workers, the first
    ones are done soon, so the mean is small; but all clients together need as long or longer. Read
    mean, last client and goodput together.
about_prediction_head = Prediction
about_prediction =
    The model has C clients, W workers and K processors. One client alone takes R1 seconds; client
    and server together compute D seconds for one transfer. Then a = min(C, W) transfers are served
    at once (in async mode a = C), X = min(a / R1, K / D) of them end in a second, the mean time is
    a (⌈C/a⌉ + 1) / (2X), and the last client is done after C / X. R1 and D are measured in the row
    with one client and the smallest pool. A row with an error of at most { $band } counts as
    predicted. In a row all C clients start at once; formulas for queues with arrivals do not apply.
about_ceiling_head = Ceiling
about_ceiling =
    The goodput that the same clients reach with a server that does nothing but take or give bytes.
    A row that reaches { $limit } of it shows the limit of the clients; the server may be faster. If
    a row is more than 10% above its ceiling, the ceiling was measured under worse conditions, and
    nothing is concluded from it.
about_disturbance_head = Disturbance
about_disturbance =
    While a cell is measured, other programs and the machine's host may take { $share } of the
    processors' time and { $tolerance }, as the clocks are coarse, and no memory may be swapped. A
    cell that was disturbed more is measured again, at most twice; the last attempt counts and every
    attempt is kept. What the host does for the disk counts as the host's. Beside a server that was
    running already only the host and swapping are looked at.

## The report: disclosure

disclosure = Disclosure
unknown = unknown
term_cpu = Processor
term_cores = Cores
term_memory = Memory
term_swap = Swap
term_kernel = Kernel
term_filesystem = File system
term_load = Load before the start
term_tcp_rmem = TCP receive buffer (bytes)
term_tcp_wmem = TCP send buffer (bytes)
term_huge_pages = Transparent huge pages
term_version = Version
term_commit = Commit
term_rustc = Compiler
term_build = Build
term_stress_run = Digest of stress-run
term_fileserver = Digest of fileserver
term_command_line = Command line
term_started = Started
term_resumed = Resumed
term_connected_to = Connected to
term_injected = Injected faults
term_timeout = Timeout (s)
term_preset = Preset
term_servers = Servers
term_operations = Operations
term_encodings = Content moves as
term_volumes = Volumes
term_clients = Clients
term_client_pool = Client pool
term_sink = Downloads are
term_repetitions = Repetitions
term_seed = Seed
term_min_time = Least time of a cell (s)
term_reruns = Reruns of a disturbed cell, at most
term_rows = Planned rows
term_payload = Planned payload
sink_file = written to files
sink_null = decoded and hashed, not written
raw_files = Files that this report was made from
raw_environment = machine, programs and plan
raw_cells = every attempt at every cell, with all statistics
raw_ceilings = what the clients reach with a server that does nothing
raw_workers = every transfer of every client, with the server's timeline
cores = { $count } cores
unknown_cpu = unknown CPU
unknown_kernel = unknown kernel
unknown_filesystem = unknown file system
