--[[ The newest events and log lines of a job. Something other than a list under one of the keys has none.
  KEYS[1] history  [2] logs  [3] job hash, with the events of a condensed job, one a line
  ARGV[1] how many of each
  returns { events as JSON…, }, { log lines as JSON… }
]]
local function newest(key)
  if redis.call("TYPE", key).ok ~= "list" then return {} end
  return redis.call("LRANGE", key, -tonumber(ARGV[1]), -1)
end
local condensed = redis.pcall("HGET", KEYS[3], "drover:history")
local events = {}
if type(condensed) == "string" then
  for line in string.gmatch(condensed, "[^\n]+") do table.insert(events, line) end
end
for _, event in ipairs(newest(KEYS[1])) do table.insert(events, event) end
return { events, newest(KEYS[2]) }
