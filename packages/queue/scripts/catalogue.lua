--[[ Processors and workers that were announced lately enough; forgets the others, and what no worker wrote.
  KEYS[1] workers (hash)  [2] processors (hash)
  ARGV[1] how long a worker lives after a heartbeat, in ms  [2] how long a processor is known, in ms
  returns { workers as JSON…, }, { processors as JSON… }
]]
local time = redis.call("TIME")
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function fresh(key, ttl)
  local found = {}
  local entries = redis.call("HGETALL", key)
  for i = 1, #entries, 2 do
    local at, json = string.match(entries[i + 1], "^(%d+) (.*)$")
    if at and now - tonumber(at) <= ttl then table.insert(found, json)
    else redis.call("HDEL", key, entries[i]) end
  end
  return found
end
return { fresh(KEYS[1], tonumber(ARGV[1])), fresh(KEYS[2], tonumber(ARGV[2])) }
