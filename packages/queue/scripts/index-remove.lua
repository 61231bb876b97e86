--[[ Takes a job that is gone out of the index, and its deliveries with it.
  KEYS[1] index (hash: id → place)  [2] jobs (zset: id by time)  [3] deliveries of the job
  ARGV[1] job id
]]
local tenant = string.match(redis.call("HGET", KEYS[1], ARGV[1]) or "", " (.+)$")
if tenant then redis.call("ZREM", KEYS[2] .. ":" .. tenant, ARGV[1]) end
redis.call("ZREM", KEYS[2], ARGV[1])
redis.call("HDEL", KEYS[1], ARGV[1])
redis.call("DEL", KEYS[3])
