--[[ Processors and workers that were announced lately enough; forgets the others, and what no worker wrote.
  KEYS[1] workers (hash)  [2] processors (hash)  [3] workers that were asked to stop, by when (zset)
  ARGV[1] how long a worker lives after a heartbeat, in ms  [2] how long a processor is known, in ms
    [3] how long it is known that a worker was asked to stop, in ms
  returns { time and JSON of each worker… }, { the same of each processor… }, { ids of the workers that were asked… }
    times in ms since the epoch, a blank after them
]]
local time = redis.call("TIME")
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function fresh(key, ttl)
  local found = {}
  local entries = redis.call("HGETALL", key)
  for i = 1, #entries, 2 do
    local at = string.match(entries[i + 1], "^(%d+) ")
    if at and now - tonumber(at) <= ttl then table.insert(found, entries[i + 1])
    else redis.call("HDEL", key, entries[i]) end
  end
  return found
end
local drains = redis.call("ZRANGEBYSCORE", KEYS[3], now - tonumber(ARGV[3]), "+inf")
return { fresh(KEYS[1], tonumber(ARGV[1])), fresh(KEYS[2], tonumber(ARGV[2])), drains }
