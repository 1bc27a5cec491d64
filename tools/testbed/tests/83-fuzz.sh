# SPDX-License-Identifier: GPL-2.0-only
# FUZZ_SECONDS (60) for each target
title="nothing is found by fuzzing the parts that only compute"
variants=$(sed -n 's/^targets += //p' "$TOP/tools/unit/Makefile")
one_cpu=$((${FUZZ_SECONDS:-60} + 5))

fuzz() { make --no-print-directory -s -C "$TOP/tools/unit" "O=$KMCL_BUILD/unit" "$@"; }

host() {
	local line
	{
		# Others build from the same objects
		with_lock "unit-$(basename "$KMCL_BUILD")" fuzz "$KMCL_BUILD/unit/fuzz/$variant" &&
			fuzz "fuzz-$variant"
	} >"$JOB/fuzz.log" 2>&1
	line=$(grep "^$variant: " "$JOB/fuzz.log")
	if [[ $line == *": ok" ]]; then
		printf '# %s\n' "$line"
		pass "$variant"
	else
		fail "$variant" "${line:-$(tail -n 15 "$JOB/fuzz.log")}"
	fi
}
