--[[ The newest events and log lines of a job. Something other than a list under one of the keys has none.
  KEYS[1] history  [2] logs
  ARGV[1] how many of each
  returns { events as JSON…, }, { log lines as JSON… }
]]
local function newest(key)
  if redis.call("TYPE", key).ok ~= "list" then return {} end
  return redis.call("LRANGE", key, -tonumber(ARGV[1]), -1)
end
return { newest(KEYS[1]), newest(KEYS[2]) }
