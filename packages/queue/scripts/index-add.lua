--[[ Enters a job into the index, or changes its time there.
  KEYS[1] index (hash: id → processor)  [2] jobs (zset: id by time)
  ARGV[1] job id  [2] processor  [3] time of the submit, ms since the epoch
]]
redis.call("HSET", KEYS[1], ARGV[1], ARGV[2])
redis.call("ZADD", KEYS[2], ARGV[3], ARGV[1])
