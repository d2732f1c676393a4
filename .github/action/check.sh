#!/usr/bin/env bash
# Runs the check and leaves its exit code in the outputs, so that SARIF is uploaded before the step fails.
set -euo pipefail

read -ra paths <<< "${INPUT_PATHS//$'\n'/ }"
args=()
[ -z "$POSTGRES_VERSION" ] || args+=(--postgres-version "$POSTGRES_VERSION")
[ -z "$CONFIG" ] || args+=(--config "$CONFIG")
[ -z "$BASELINE" ] || args+=(--baseline "$BASELINE")
[ -z "$FAIL_ON" ] || args+=(--fail-on "$FAIL_ON")

if [ "$CHANGED_ONLY" = true ]; then
    if [ -z "$BASE_SHA" ] || [[ $BASE_SHA =~ ^0+$ ]]; then
        echo "changed-only: this event has no base to compare with; everything is checked"
    else
        args+=(--since "$BASE_SHA")
    fi
fi
if [ "$ANNOTATIONS" = true ]; then args+=(--format github); else args+=(--format human); fi
summary=$RUNNER_TEMP/pgsift-summary.md
rm -f "$summary"
if [ "$WANT_SUMMARY" = true ] || [ "$COMMENT" = true ]; then args+=(--format "markdown=$summary"); fi
if [ "$SARIF_UPLOAD" = true ]; then
    args+=(--format "sarif=$SARIF")
    echo "sarif=$PWD/$SARIF" >> "$GITHUB_OUTPUT"
fi

code=0
"$PGSIFT" check "${args[@]}" -- "${paths[@]}" || code=$?
if [ -e "$summary" ]; then
    echo "markdown=$summary" >> "$GITHUB_OUTPUT"
    [ "$WANT_SUMMARY" != true ] || cat "$summary" >> "$GITHUB_STEP_SUMMARY"
fi
echo "exit-code=$code" >> "$GITHUB_OUTPUT"
