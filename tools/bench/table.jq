# SPDX-License-Identifier: GPL-2.0-only
# bench.json as lines of fields, for `table` in bench: - is what was not measured.

def show: if . == null then "-" else tostring end;
def place($digits): if . == null then "-" else . * pow(10; $digits) | round | tostring |
  if $digits == 0 then . else (if length <= $digits then ("0" * ($digits + 1 - length)) + . else . end) |
  "\(.[:-$digits]).\(.[-$digits:])" end end;
def spread: (.q3 - .q1) / .median * 100;

.rows[] | [
  "\(.row) \(if .row == "round trip" then .depth else "" end)", .bytes,
  (.raw.instructions.median | place(0)), (.kmcl.instructions.median | place(0)), (.kmcl.ratio | place(3)),
  (.wdk.instructions.median | place(0)), (.wdk.ratio | place(3)), (.wdk.over_native_per_call | place(1)),
  (.raw.exits.median | place(2)), (.kmcl.exits.median | place(2)), (.wdk.exits.median | place(2)),
  (.raw.allocations | show), (.kmcl.allocations | show), (.wdk.allocations | show),
  ([.raw, .kmcl, .wdk | select(.) | .instructions | select(.) | spread] | max | if . == null then "-" else "\(place(1))%" end)
] | map(tostring) | @tsv
