# SPDX-License-Identifier: GPL-2.0-only
# Debian's QEMU has one CPU by default, and kunit.py's kernel one without preemption.
title="the suites run with kunit.py, built into a kernel tree that kunit/prepare-tree has prepared"

suites() { sed -n 's/^\t\.name = "\(kmcl_[a-z_]*\)",$/\1/p' "$TOP"/kunit/*_kunit.c | sort -u; }

host() {
	local tree=$JOB/linux out=$JOB/kunit.py.log name
	succeeds "the source is unpacked" "$TESTBED/kunit-kernel.sh" --source "$tree"
	succeeds "the tree is prepared" "$TOP/kunit/prepare-tree" "$tree"
	succeeds "kunit.py run" kunit_py "$tree" "$out"
	grep 'Testing complete' "$out" | sed 's/^/# /'
	matches "nothing has failed" "$(grep 'Testing complete' "$out")" \
		'passed: [0-9]+(, skipped: [0-9]+)?$'
	for name in $(suites); do
		matches "$name has passed" "$(cat "$out")" "\\[PASSED\\] $name ="
	done
	rm -rf "$tree"
}

kunit_py() {
	(cd "$1" && tools/testing/kunit/kunit.py run --arch=x86_64 --kunitconfig="$TOP/kunit" \
		--jobs="$(nproc)" --timeout=900) >"$2" 2>&1 </dev/null
}
