--[[ Takes a lease back that ran out while Redis was away, as long as nobody else was given the job since.
  KEYS[1] job hash  [2] lock  [3] active  [4] stalled
  ARGV[1] lock token  [2] job id  [3] number of the attempt  [4] lease in ms
  returns 1, or 0 when the job belongs to somebody else now
]]
local owner = redis.call("GET", KEYS[2])
if owner and owner ~= ARGV[1] then return 0 end
if redis.call("HGET", KEYS[1], "ats") ~= ARGV[3] or not redis.call("LPOS", KEYS[3], ARGV[2]) then return 0 end
redis.call("SET", KEYS[2], ARGV[1], "PX", ARGV[4])
redis.call("SREM", KEYS[4], ARGV[2])
return 1
