--[[ Notes in the job's history that an attempt began, if it holds the lease, and reads the marks on the job.
  KEYS[1] job hash  [2] lock  [3] history
  ARGV[1] lock token  [2] number of the attempt  [3] history event as JSON  [4] history limit
    [5] history TTL in ms
  returns "drover:cancel" and "drover:rearmed" of the job, each nil when it is not set
  The event is let go where something other than a list lies under the key.
]]
local marks = redis.call("HMGET", KEYS[1], "drover:cancel", "drover:rearmed", "ats")
if redis.call("GET", KEYS[2]) == ARGV[1] and marks[3] == ARGV[2] then
  redis.pcall("RPUSH", KEYS[3], ARGV[3])
  redis.pcall("LTRIM", KEYS[3], -tonumber(ARGV[4]), -1)
  redis.pcall("PEXPIRE", KEYS[3], ARGV[5])
end
return { marks[1], marks[2] }
