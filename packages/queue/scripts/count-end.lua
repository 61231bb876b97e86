--[[ Counts how a job ended, once for each of its ends.
  KEYS[1] job hash  [2] completed  [3] failed  [4...] counts of the span that it ended in (hash), of all
    tenants and of some
  ARGV[1] job id  [2] time of the end, ms since the epoch  [3] when the counts expire, ms since the epoch
    [4...] field of the counts, what is added to it, …
  returns 1, or 0 when it is counted already, or is not at that end any more
]]
local ended = redis.call("ZSCORE", KEYS[2], ARGV[1]) or redis.call("ZSCORE", KEYS[3], ARGV[1])
if not ended or tonumber(ended) ~= tonumber(ARGV[2]) then return 0 end
if redis.call("HGET", KEYS[1], "drover:counted") == ARGV[2] then return 0 end
redis.call("HSET", KEYS[1], "drover:counted", ARGV[2])
for k = 4, #KEYS do
  for i = 4, #ARGV, 2 do redis.call("HINCRBY", KEYS[k], ARGV[i], ARGV[i + 1]) end
  redis.call("PEXPIREAT", KEYS[k], ARGV[3])
end
return 1
