#!/usr/bin/env bash
# links.sh SOURCE DIR - makes DIR a folder in which the project can be built
# without writing to SOURCE (`make O=DIR`).
#
# It gets a link to everything in SOURCE but what was built or drawn there. Data
# sets are linked one by one, so that others can be fetched beside them.
set -u

source=$1 folder=$2
case $folder in
"~"/*) folder=$HOME/${folder#"~"/} ;; # not every shell does this in O=~/x
esac
mkdir -p "$folder" && cd "$folder" || exit 1
if [ ! Makefile -ef "$source/Makefile" ] && [ -n "$(ls -A)" ]; then
    echo "make: $folder holds other things: name an empty folder, or a new one" >&2
    exit 1
fi

# link PATH: here, unless it is here already
link() {
    local name=${1##*/}
    [ -e "$name" ] || [ "$1" -ef . ] || ln -s "$1" "$name"
}

for path in "$source"/* "$source"/.[a-z]*; do
    case ${path##*/} in
    build | out | data | .git) ;;
    Makefile | LICENSE | *.*) link "$path" ;;
    *) [ ! -d "$path" ] || link "$path" ;; # a file would be a program
    esac
done
mkdir -p data && cd data || exit 1
for path in "$source"/data/*; do
    [ ! -d "$path" ] || link "$path"
done
