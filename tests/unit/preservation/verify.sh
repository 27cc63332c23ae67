#!/bin/bash
# verify.sh OBJECT DEST [v1 v2 …]: proves a package with sha512sum, unzip, sha256sum, grep and sed alone.
set -euo pipefail
export LC_ALL=C.UTF-8
object=$1 dest=$2
shift 2
( cd "$object" && sed 's/ inventory.json/  inventory.json/' inventory.json.sha512 | sha512sum --quiet -c - )
for version in "${@:-v1}"; do
  digest=$(sha512sum "$object/$version/content/$version.zip" | cut -d' ' -f1)
  grep -q "\"$digest\"" "$object/inventory.json"
  unzip -q -o "$object/$version/content/$version.zip" -d "$dest"
done
root=$(echo "$dest"/uuid-*)
count=0
for mets in METS.xml $(cd "$root" && echo representations/*/METS.xml); do
  grep -oE '(<file [^>]*><FLocat [^>]*>|<mdRef [^>]*>)' "$root/$mets" |
    sed -E 's/.* CHECKSUM="([0-9a-f]{64})".* xlink:href="([^"]*)".*/\1 \2/; s/.* xlink:href="([^"]*)".* CHECKSUM="([0-9a-f]{64})".*/\2 \1/' |
    sed -E 's/\\/\\\\/g; s/%([0-9A-Fa-f]{2})/\\x\1/g' |
    while read -r digest name; do printf '%s *%b\n' "$digest" "$name"; done > "$dest/list"
  ( cd "$root/$(dirname "$mets")" && if [ -s "$dest/list" ]; then sha256sum --quiet -c "$dest/list"; fi )
  count=$((count + $(wc -l < "$dest/list")))
done
rm "$dest/list"
echo "$count"
