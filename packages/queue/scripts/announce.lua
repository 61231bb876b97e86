--[[ A worker's heartbeat, stamped with the server's clock, so that no host's clock decides who lives.
  KEYS[1] workers (hash)  [2] processors (hash)  [3] workers that were asked to stop (zset)
  ARGV[1] worker id  [2] worker as JSON  [3] TTL of both keys in ms
    [4...] processor name, processor as JSON, …
  returns 1 when the worker was asked to stop, else 0
]]
local time = redis.call("TIME")
local now = time[1] .. string.format("%03d", math.floor(tonumber(time[2]) / 1000))
redis.call("HSET", KEYS[1], ARGV[1], now .. " " .. ARGV[2])
for i = 4, #ARGV, 2 do redis.call("HSET", KEYS[2], ARGV[i], now .. " " .. ARGV[i + 1]) end
redis.call("PEXPIRE", KEYS[1], ARGV[3])
redis.call("PEXPIRE", KEYS[2], ARGV[3])
return redis.call("ZSCORE", KEYS[3], ARGV[1]) and 1 or 0
