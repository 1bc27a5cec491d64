# SPDX-License-Identifier: GPL-2.0-only
# From one object per result (see `results` in bench) to bench.json.
# Arguments: $about (object), $drivers (array).

def sorted_at(f): sort | .[(length - 1) * f | round];
def median: sort | if length % 2 == 1 then .[(length - 1) / 2] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
def round2: . * 100 | round / 100;
def statistics: {median: median, min: min, max: max, q1: sorted_at(0.25), q3: sorted_at(0.75), samples: .};

(map(select(.kind == "result")) | map({key: "\(.driver).\(.name)", value: .}) | from_entries) as $results |
(map(select(.kind == "mark")) | map({key: .name, value: .}) | from_entries) as $marks |
(map(select(.kind == "calibration"))) as $calibration |
(map(select(.kind == "allocation"))) as $allocation |

# Two reads of the clock with nothing between them
($calibration | map(select(.name == "nothing"))[0].samples | median) as $nothing |

def difference($name): ($marks["\($name).begin"]) as $a | ($marks["\($name).end"]) as $b |
  if $a and $b then [$b.counters | keys[] | {key: ., value: ($b.counters[.] - $a.counters[.])}] | from_entries else empty end;
# By counter: the median over all turns
def medians: if length == 0 then null else . as $all | .[0] | with_entries(.key as $k | .value = ($all | map(.[$k]) | median)) end;
def idle($driver): [difference("\($driver).idle.\(range(1; 6))")] | medians;

# VM exits of each turn of a flow, per packet, without those of marks that nothing is between
def turns($driver; $name): idle($driver) as $idle |
  [range(1; 6) as $turn | $results["\($driver).\($name).\($turn)"] as $r | select($r and $idle) |
    difference("\($driver).\($name).\($turn)") | with_entries(.key as $k | .value = ((.value - $idle[$k]) / $r.packets * 1000 | round / 1000))];
def flows($driver; $name): [range(1; 6) as $turn | $results["\($driver).\($name).\($turn)"] | select(.)];
def sum(f): map(f) | add // 0;

def per_packet($ticks; $depth; $spans): ($ticks - $spans * $nothing) / $depth | round2;
def halves($r): [$r.send, $r.receive] | map(select(. != null));
def instructions($r; $depth): halves($r) as $halves | ($halves | length) as $n |
  (if $n == 2 then [range($halves[0] | length) | $halves[0][.] + $halves[1][.]] else $halves[0] end) as $sums | {
    median: per_packet($halves | map(median) | add; $depth; $n),
    send: (if $r.send then per_packet($r.send | median; $depth; 1) else null end),
    receive: (if $r.receive then per_packet($r.receive | median; $depth; 1) else null end),
    q1: per_packet($sums | sorted_at(0.25); $depth; $n), q3: per_packet($sums | sorted_at(0.75); $depth; $n),
    min: per_packet($sums | min; $depth; $n), max: per_packet($sums | max; $depth; $n),
    samples: {send: $r.send, receive: $r.receive}};

def cell($driver; $row): $results["\($driver).\($row.spans)"] as $r | flows($driver; $row.flow) as $f | turns($driver; $row.flow) as $turns |
  if $r == null and $f == [] then null else {
    instructions: (if $r then instructions($r; $row.depth) else null end),
    interrupts_off: ($results["\($driver).\($row.off)"] as $o | if $o then instructions($o; $row.depth) else null end),
    allocations: ([$r | select(.)] + $f | sum(.allocations)), packets: ([$r | select(.)] + $f | sum(.packets)),
    exits: ($turns | if length > 0 then map(.exits) | {median: median, min: min, max: max} else null end),
    exits_by_reason: ($turns | medians),
    signals: (if $f | length > 0 then ($f | sum(.signals)) / ($f | sum(.packets)) * 1000 | round / 1000 else null end),
    interrupts: (if $f | length > 0 then ($f | sum(.interrupts)) / ($f | sum(.packets)) * 1000 | round / 1000 else null end)} end;

def ratios: . as $row | if .raw.instructions then
    (if .kmcl then .kmcl.ratio = ($row.kmcl.instructions.median / $row.raw.instructions.median * 1000 | round / 1000) else . end) |
    (if .wdk then .wdk.ratio = ($row.wdk.instructions.median / $row.raw.instructions.median * 1000 | round / 1000) else . end) else . end |
  if .wdk.instructions and .kmcl then .wdk.over_native_per_call = (($row.wdk.instructions.median - $row.kmcl.instructions.median) / .calls | round2) else . end;

# calls: how often a packet crosses the API. send: the call, its routine; round trip: these,
# and asking the packet for its pointer; host to guest: the callback, completing.
([ (16, 256, 4096) as $b | {row: "send", depth: 16, bytes: $b, calls: 2, spans: "send-\($b)", flow: "burst-\($b)", off: null} ] +
[ (1, 16, 256) as $d | (16, 256, 4096) as $b |
  {row: "round trip", depth: $d, bytes: $b, calls: 3, spans: "trip-\($d)-\($b)", flow: "flow-\($d)-\($b)", off: "off-\($d)-\($b)"} ] +
[ (16, 256, 4096) as $b | {row: "request", depth: 1, bytes: $b, calls: 3, spans: null, flow: "ping-\($b)", off: null} ] +
[ (16, 256, 4096) as $b |
  {row: "host to guest", depth: 16, bytes: $b, calls: 2, spans: "take-\($b)", flow: "serve-\($b)", off: "takeoff-\($b)"} ]) as $plan |

([$plan[] | . as $row | {row, depth, bytes, calls} + ([$drivers[] | {key: ., value: cell(.; $row)}] | from_entries) | ratios]) as $rows |

def name: "\(.row), depth \(.depth), \(.bytes) bytes";
def judge($what; $value; $limit): {what: $what, value: $value, limit: $limit, met: ($value != null and $value <= $limit)};

(([ $rows[] | select(.row == "round trip") | select(.kmcl) | judge("\(name): kmcl / raw"; .kmcl.ratio; 1.10) ] +
 [ $rows[] | . as $row | ("kmcl", "wdk") as $d | select(.[$d]) | judge("\(name): allocations of \($d)"; .[$d].allocations; 0) ] +
 [ ("kmcl", "wdk") as $d | $results["\($d).allocations"] | select(.) | judge("\(.packets) packets: allocations of \($d)"; .allocations; 0) ] +
 [ $rows[] | select(.wdk.instructions) | judge("\(name): instructions per call of wdk above kmcl"; .wdk.over_native_per_call; 25) ])) as $bar |

$about + {
  clock: {nothing: $nothing, calibration: [$calibration[] | {name, instructions, measured: ((.samples | median) - $nothing), samples}]},
  allocation_probe: ($allocation | map({key: .name, value: .seen}) | from_entries),
  signal: ([$drivers[] | {key: ., value: ($results["\(.).signal"].send | if . then statistics else null end)}] | from_entries),
  idle_exits: ([$drivers[] | {key: ., value: idle(.)}] | from_entries),
  rows: $rows,
  bar: $bar,
  met: ($bar | length > 0 and all(.met))
}
