--[[ Notes that a worker was asked to stop, by the server's clock.
  KEYS[1] workers that were asked to stop, by when (zset)
  ARGV[1] worker id  [2] how long it is known, in ms
  returns 1
]]
local time = redis.call("TIME")
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call("ZADD", KEYS[1], now, ARGV[1])
redis.call("ZREMRANGEBYSCORE", KEYS[1], "-inf", now - tonumber(ARGV[2]))
redis.call("PEXPIRE", KEYS[1], ARGV[2])
return 1
