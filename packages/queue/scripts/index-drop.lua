--[[ Takes a job that was never queued out of the index, unless another submit entered it anew since.
  KEYS[1] index (hash: id → place)  [2] jobs (zset: id by time)
  ARGV[1] job id  [2] time under which it was found
  returns 1, or 0 when it was entered anew or is gone
]]
local entered = redis.call("ZSCORE", KEYS[2], ARGV[1])
if not entered or tonumber(entered) ~= tonumber(ARGV[2]) then return 0 end
local tenant = string.match(redis.call("HGET", KEYS[1], ARGV[1]) or "", " (.+)$")
if tenant then redis.call("ZREM", KEYS[2] .. ":" .. tenant, ARGV[1]) end
redis.call("ZREM", KEYS[2], ARGV[1])
redis.call("HDEL", KEYS[1], ARGV[1])
return 1
