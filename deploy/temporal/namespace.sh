#!/bin/sh
# The namespace with its retention, and the search attributes that cases set; one that is missing makes every start of a case fail.
# Safe to repeat. The list is that of dev/stack.ts; SQL visibility allows 10 Keyword and 3 of each other type.
set -eu

attributes='
MerchantId Keyword
CaseType Keyword
CaseStage Keyword
CustomerRef Keyword
OrderId Keyword
Team Keyword
Assignee Keyword
Priority Keyword
AttentionReason Keyword
NeedsAttention Bool
SlaBreached Bool
SlaDueAt Datetime
NextActionAt Datetime
EscalationLevel Int
Tags KeywordList
'

# A server that has just started answers late, and a new namespace or attribute is known to all its parts after some seconds.
patiently() {
  tries=60
  until "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || { "$@"; return; }
    sleep 1
  done
}

patiently temporal operator cluster health
if temporal operator namespace describe >/dev/null 2>&1; then
  temporal operator namespace update --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
else
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
fi
patiently temporal operator search-attribute list

present=$(temporal operator search-attribute list)
echo "$attributes" | while read -r name type; do
  [ -n "$name" ] || continue
  found=$(echo "$present" | awk -v name="$name" '$1 == name { print $2 }')
  case $found in
    "$type") ;;
    '') temporal operator search-attribute create --name "$name" --type "$type" ;;
    *) echo "$name is registered as $found, not as $type" >&2; exit 1 ;;
  esac
done

query=$(echo "$attributes" | awk 'NF { printf "%s%s IS NULL", sep, $1; sep = " AND " }')
patiently temporal workflow count --query "$query"
echo "namespace $TEMPORAL_NAMESPACE is ready"
