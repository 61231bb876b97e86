#!/bin/sh
# pdf-text.sh <input> <output folder> [-layout]
set -eu
input=$1 output=$2
shift 2
echo '{"progress": 10, "stage": "extract"}'
pdftotext -enc UTF-8 "$@" "$input" "$output/text.txt"
words=$(wc -w < "$output/text.txt")
printf '{"result": {"words": %d}}\n' "$words"
