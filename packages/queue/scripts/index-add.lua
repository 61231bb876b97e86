--[[ Enters a job into the index, or changes its time there.
  KEYS[1] index (hash: id → place)  [2] jobs (zset: id by time)
  ARGV[1] job id  [2] its place: processor, and " <tenant>" unless it is the default one's
    [3] time of the submit, ms since the epoch
]]
redis.call("HSET", KEYS[1], ARGV[1], ARGV[2])
redis.call("ZADD", KEYS[2], ARGV[3], ARGV[1])
local tenant = string.match(ARGV[2], " (.+)$")
if tenant then redis.call("ZADD", KEYS[2] .. ":" .. tenant, ARGV[3], ARGV[1]) end
