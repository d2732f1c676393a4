#!/usr/bin/env bash
# Downloads the release that VERSION names, checks it against the release's checksums, and says where it lies.
# A test may set DOWNLOADS to a folder that stands for the release's address.
set -euo pipefail

fail() { echo "::error title=pgsift::$1"; exit 1; }

# A pgsift that is there already is used when no other release is asked for.
if [ -z "$VERSION" ] && command -v pgsift > /dev/null; then
    echo "pgsift=$(command -v pgsift)" >> "$GITHUB_OUTPUT"
    exit 0
fi

version=$VERSION
if [ -z "$version" ] && [[ $ACTION_REF =~ ^v[0-9]+\.[0-9]+\.[0-9]+ ]]; then version=$ACTION_REF; fi
case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) target=x86_64-unknown-linux-musl ;;
    Linux-aarch64 | Linux-arm64) target=aarch64-unknown-linux-musl ;;
    Darwin-x86_64) target=x86_64-apple-darwin ;;
    Darwin-arm64) target=aarch64-apple-darwin ;;
    MINGW*-x86_64 | MSYS*-x86_64 | CYGWIN*-x86_64) target=x86_64-pc-windows-msvc ;;
    *) fail "no release for $(uname -s) on $(uname -m); build it with cargo install and put it on the PATH" ;;
esac
case $target in *windows*) archive=pgsift-$target.zip ;; *) archive=pgsift-$target.tar.gz ;; esac

if [ -n "${DOWNLOADS:-}" ]; then
    address=$DOWNLOADS
elif [ -n "$version" ]; then
    address=$SERVER/${REPOSITORY:-pgsift/pgsift}/releases/download/$version
else
    address=$SERVER/${REPOSITORY:-pgsift/pgsift}/releases/latest/download
fi
folder=$RUNNER_TEMP/pgsift
mkdir -p "$folder"
cd "$folder"
get() {
    # The token lets a private copy of the repository be read; it is sent to the server itself only.
    curl --fail --silent --show-error --location --retry 3 ${TOKEN:+-H "Authorization: Bearer $TOKEN"} --output "$1" "$address/$1" \
        || fail "$address/$1 could not be downloaded"
}
get "$archive"
get SHA256SUMS
grep " [ *]\?$archive\$" SHA256SUMS > expected || fail "SHA256SUMS does not name $archive"
if command -v sha256sum > /dev/null; then sha256sum --check --quiet expected; else shasum -a 256 --check --quiet expected; fi \
    || fail "$archive is not what SHA256SUMS says"
case $archive in *.zip) unzip -qo "$archive" ;; *) tar -xzf "$archive" ;; esac
binary=$folder/pgsift
[ -e "$binary" ] || binary=$folder/pgsift.exe
"$binary" --version
echo "pgsift=$binary" >> "$GITHUB_OUTPUT"
