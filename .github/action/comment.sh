#!/usr/bin/env bash
# Keeps one comment on the pull request: the one that carries our mark is replaced, so that pushes do not pile comments up.
set -euo pipefail

mark='<!-- pgsift -->'
{ echo "$mark"; cat "$MARKDOWN"; } > "$RUNNER_TEMP/pgsift-comment.md"
comments=repos/$GITHUB_REPOSITORY/issues/$NUMBER/comments
known=$(gh api --paginate "$comments" --jq ".[] | select(.body | startswith(\"$mark\")) | .id" | head -n 1)
if [ -n "$known" ]; then
    gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$known" --field "body=@$RUNNER_TEMP/pgsift-comment.md"
elif grep -q 'pgsift: no findings' "$MARKDOWN"; then
    echo "nothing to comment on"
else
    gh api --silent --method POST "$comments" --field "body=@$RUNNER_TEMP/pgsift-comment.md"
fi
