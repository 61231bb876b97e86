--[[ Adds events to the history of a job that exists. They are let go where something other than a list lies
  under its key.
  KEYS[1] job hash  [2] history
  ARGV[1] history limit  [2] history TTL in ms  [3...] events as JSON
  returns 1, or 0 when there is no such job
]]
if redis.call("EXISTS", KEYS[1]) == 0 then return 0 end
redis.pcall("RPUSH", KEYS[2], unpack(ARGV, 3))
redis.pcall("LTRIM", KEYS[2], -tonumber(ARGV[1]), -1)
redis.pcall("PEXPIRE", KEYS[2], ARGV[2])
return 1
