--[[ Adds events to the history of a job that exists.
  KEYS[1] job hash  [2] history
  ARGV[1] history limit  [2] history TTL in ms  [3...] events as JSON
  returns 1, or 0 when there is no such job
]]
if redis.call("EXISTS", KEYS[1]) == 0 then return 0 end
redis.call("RPUSH", KEYS[2], unpack(ARGV, 3))
redis.call("LTRIM", KEYS[2], -tonumber(ARGV[1]), -1)
redis.call("PEXPIRE", KEYS[2], ARGV[2])
return 1
