#!/bin/bash
# Downloads all that a Maven build and its tests need, for a build that later runs without network:
#
#   download.sh package [GOAL…] -- mvn -B -ntp …
#
# A build tells best what it needs. Where it wants its database, which is not up yet, the declared
# dependencies are downloaded alone. What Surefire runs tests with is chosen and
# downloaded by Surefire itself when tests are about to run: it is asked for a method of any test class
# that none has.
goals=()
while [[ $# -gt 0 && $1 != -- ]]; do
  goals+=("$1")
  shift
done
shift
program=("$@")
none=('-Dtest=*#NoTestHasThisName' '-Dit.test=*#NoTestHasThisName' -DfailIfNoTests=false)
for plugin in surefire failsafe; do
  none+=("-D$plugin.failIfNoSpecifiedTests=false")
done
log=$(mktemp)
"${program[@]}" -DskipTests "${goals[@]}" 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
if [[ $status -eq 0 ]]; then
  "${program[@]}" "${none[@]}" "${goals[@]}" || echo 'the test engine may be missing'
  exit 0
fi
# A code generator that asks the database is for the build itself.
if grep -qE 'Connection(.* |s? )refused|Communications link failure' "$log"; then
  exec "${program[@]}" -fae dependency:go-offline
fi
exit "$status"
