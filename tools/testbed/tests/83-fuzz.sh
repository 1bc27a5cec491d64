# SPDX-License-Identifier: GPL-2.0-only
# FUZZ_SECONDS (60) for each target, as many at a time as there are CPUs
title="nothing is found by fuzzing the parts that only compute"

targets() { sed -n 's/^targets += //p' "$TOP/tools/unit/Makefile"; }

host() {
	local target line
	make --no-print-directory -s -k -j"$(nproc)" -C "$TOP/tools/unit" "O=$KMCL_BUILD/unit" fuzz \
		>"$JOB/fuzz.log" 2>&1
	for target in $(targets); do
		line=$(grep "^$target: " "$JOB/fuzz.log")
		if [[ $line == *": ok" ]]; then
			printf '# %s\n' "$line"
			pass "$target"
		else
			fail "$target" "${line:-$(tail -n 15 "$JOB/fuzz.log")}"
		fi
	done
}
