--[[ Adds up the counts of some spans.
  KEYS counts of a span each (hash); those of a span without any are missing
  returns field, sum, …
]]
local sums = {}
for _, key in ipairs(KEYS) do
  local counts = redis.call("HGETALL", key)
  for i = 1, #counts, 2 do sums[counts[i]] = (sums[counts[i]] or 0) + tonumber(counts[i + 1]) end
end
local answer = {}
for field, sum in pairs(sums) do
  table.insert(answer, field)
  table.insert(answer, string.format("%d", sum))
end
return answer
