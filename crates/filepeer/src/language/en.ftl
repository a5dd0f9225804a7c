# What filepeer says of nodes and of simulations, in English. A text is used for what its name says; { $values } are
# put in.

## The log of a node

log_ready = Node { $node } is ready for connections...
log_neighbour = Node { $node } added the neighbour node { $neighbour }.
log_neighbour_left = The neighbour node { $neighbour } has left.
log_neighbour_lost = The neighbour node { $neighbour } is gone: { $why }.
log_unreachable = The neighbour { $neighbour } cannot be reached: { $why }. It is tried again in { $seconds } s.
log_relay_unreachable = The relay { $relay } cannot be reached: { $why }. It is tried again.
log_query = Node { $node } received a search for the file '{ $name }'.
log_found = File '{ $name }' found at node { $holder }.
log_response = Response time of the file search at node { $holder }: { $seconds }s.
log_hops =
    It is { $hops ->
        [one] 1 hop
       *[other] { $hops } hops
    } away.
log_not_found = File '{ $name }' was not found, after { $seconds }s.
log_served = File '{ $name }' ({ $bytes } bytes) went to { $peer }.
log_done = Total response time: { $seconds }s, throughput: { $throughput } bytes/s.
log_dropped = The holder { $holder } is not asked any more: { $why }.
log_refused = The peer { $peer } was sent away: { $why }.

## The demo

demo_ports = The ports { $wanted } cannot all be used ({ $why }), so the nodes are at the ports { $taken }.
demo_result =
    { $name } was found at { $holder }, { $hops ->
        [one] 1 hop
       *[other] { $hops } hops
    } away, in { $milliseconds } ms. All its { $bytes } bytes came, and the copy is the same.
demo_left = The lines above are in { $log } too. Nothing else is left behind.

## What serve, search, get and ticket say

alone_reaches = this machine alone can reach it; --lan, --host or --relay lets others
shares_nothing = it shares nothing, and passes searches on; --share DIR shares the files of a directory
ticket_alone = this machine alone can fetch it; --lan, --host or --relay lets others; Ctrl-C ends it
ticket_anybody = whoever has the ticket can fetch it; Ctrl-C ends it
ticket_void = the file was changed: its ticket is for nothing now
sent = { $size } to { $peer } in { $time }
sent_away = { $peer } was sent away: { $why }
nobody_has_it = nobody has it within a TTL of { $ttl }
first_answer = the first answer took { $milliseconds } ms
other_contents =
    { $name }: { $others ->
        [one] another content has this name too; fewer have it
       *[other] { $others } other contents have this name too; fewer have them
    }
fetched = { $file }: { $size } in { $time }, { $rate }, from { $holders }
fetched_before = { $file }: { $size } in { $time }
fetched_unchecked = { $file }: { $size } in { $time } from { $holder }, not checked
were_there = { $size } were there already
was_dropped = { $holder } was dropped: { $why }
holder_slow = { $holder } is slow: another sends what it was asked for
holder_lost = { $holder } is lost: { $why }; it is tried again
holder_dropped = { $holder } is dropped: { $why }
found_columns =
    NAME
    SIZE
    HASH
    AT
    HOPS

## How a search goes about it

method_flood = flood
method_rings = rings
method_walkers = walkers
method_bloom = Bloom

## A simulation

unknown = unknown
report = Report
findings = What was found
figures = Figures
table = Table
meaning = What the numbers mean
disclosure = How this was made
nothing_to_draw = There are no records to draw
by_hand =
    Values: rest the mouse on a mark, or go to a panel with Tab and on with the arrow keys. A click on
    the head of a column sorts a table.
not_reportable = Do not hand in these numbers
tile_searches = Searches
tile_searches_note =
    in { $cases ->
        [one] 1 case
       *[other] { $cases } cases
    }
tile_messages_note = messages of a search on average (median { $median }), with { $nodes } nodes; { $found } found the file
tile_off = Distance from the prediction
tile_off_note = of all means that can be predicted exactly; the prediction is made of the same graph
exactly = none
about_reachable =
    Found counts all searches. Found if reachable counts only those that could reach a node with the file when they began:
    it may be the smaller one, since a search that could not may find the file later, when a node has come back.
walks_end = A walk ends after { $messages } messages.
data_behind = The numbers behind it
figure = Figure { $number }
predicted = predicted
simulated = simulated
at_least = ≥ { $number }
title = Search over neighbours, { $started }
what =
    { $searches } searches with each of { $seeds ->
        [one] 1 seed
       *[other] { $seeds } seeds
    }, on random graphs in which each node has { $degree } neighbours. { $holders ->
        [one] One other node has
       *[other] { $holders } other nodes have
    } the file. A flood goes { $ttl } hops far. With the same seed all methods search the same graph for the same files.
case_done = { $number }/{ $all }: { $case }
stopping = Stopping: what is being simulated is finished and reported. Ctrl-C again ends at once.
mark_partial = PARTIAL: not all seeds were simulated of { $cases }
notes =
    A flood goes to all neighbours, from each node once. Rings are floods that go 1, 2, 3 hops far and so on, until
    one has found the file. A walker goes to one neighbour at a time, chosen by chance. Bloom is one walk that
    follows the filters with which neighbours tell what is near them; where it finds nothing, a flood follows.
    Messages are the queries that all nodes send for one search, without the answers; p95 is what 95% of the
    searches do not exceed. Predicted is what the graph alone says: for a flood, the sum over all nodes that are
    nearer than its TTL; for rings, the same for each ring. Walkers need at least the number that is given, which is
    that of a walk that never meets a node twice. Hops and time are of the first answer, of searches that found the
    file. In the column "found if reachable" are the found ones of those searches that could reach a node with the
    file when they began. Where nodes come and go, rings and Bloom search again later, and find some files whose
    node has come back; a walker that is with a node that leaves is lost.

found_messages =
    With { $nodes } nodes a search takes on average { $flood } by flood, { $rings } by rings,
    { $walkers } by walkers and { $bloom } by Bloom filters.
found_mean = { $messages } messages (finds { $found })
found_bloom =
    Bloom filters take { $fewer } times fewer messages than a flood, and have the first answer after { $bloom } s where a
    flood has it after { $flood } s. What it takes to spread the filters is not counted.
found_spread =
    With { $nodes } nodes half of the searches by Bloom filters take { $half } messages at most, and one took { $most }: it ended
    in a flood. With it the mean is { $mean }.
found_prediction = The mean messages of floods and rings are within { $off } of what the graph predicts.
found_prediction_exactly =
    The mean messages of floods and rings are exactly as predicted. The prediction is made of the same graph: it
    tests the searches, not the graph.
found_reach = With { $nodes } nodes a flood of { $ttl } hops finds { $share } of the files: the others are more than { $ttl } hops away.
found_all = All { $searches } searches among nodes that stay found the file.
found_hops = Of the files that the flood found with { $nodes } nodes, the nearest is { $mean } hops away on average, and { $most } at most.
found_churn =
    When nodes come and go, and are away { $away } of the time, floods find { $flood } of the files, rings { $rings }, walkers
    { $walkers } and Bloom { $bloom }. At any moment { $there } of the files are at a node that is there.
found_there =
    Of the searches that could reach such a node when they began, floods found { $flood }, rings { $rings }, walkers { $walkers }
    and Bloom { $bloom }.

summary_columns =
    Case
    Searches
    Found
    Found if reachable
    Messages (mean)
    Predicted
    p95
    Most
    Hops (mean)
    Hops (most)
    Time (ms)
    Time p95 (ms)

## Figures

growth_title = What a search costs, by the number of nodes
growth_caption =
    Marks are simulated; the thin lines are what the graph predicts, where it can. All axes are logarithmic: each grid
    line up is a multiple of the one below. Hops are of the way that the question took to the file.
growth_nodes = nodes
growth_messages = Messages of a search
growth_hops = Hops to the file
growth_milliseconds = Milliseconds to the first answer
growth_columns =
    Method
    Nodes
    Messages
    Predicted
    Hops
    Time (ms)
spread_title = How many messages searches take
spread_caption =
    The part of all searches that take at most so many messages, with { $nodes } nodes. A steep line means that all
    take about as many.
spread_part = Part of the searches
spread_messages = messages of a search
spread_columns =
    Method
    Part of the searches
    Nodes
    Messages
churn_title = What is found when nodes come and go
churn_caption =
    The part of the searches that find the file, by the part of the time that nodes are away, with { $nodes } nodes.
    Filled marks count all searches; the thin lines in the same colours count only those that could reach a node with the
    file when they began.
churn_found = Part of the searches that find the file
churn_away = part of the time away
churn_columns =
    Method
    Away
    Found
    Found if reachable

## How it was made

raw_files = Raw files
raw_environment = how and when it was made, with all cases
raw_searches = a line for each search
term_version = Version
term_commit = Commit
term_rustc = Compiler
term_build = Build
term_command_line = Command line
term_started = Started
term_seeds = Seeds
term_latency = Time for a hop
term_online = Time that nodes stay, on average

## Gates

gate_met = gate { $gate }: met ({ $checked } checked)
gate_not_met = gate { $gate }: NOT met by { $broken } of { $checked }
gate_more = and { $more } more
gate_value = { $column } is { $value }
gate_no_value = { $column } has no value
gate_no_rows = { $column } has no value: no row has what it is counted from
