--[[ Makes the record of a completed job smaller: its history moves into its hash, which costs less than a key
  of its own, and of its options those go that other fields hold too.
  KEYS[1] job hash  [2] completed  [3] history
  ARGV[1] job id  [2] options as JSON  [3] most bytes of the history in the hash; a longer one stays where it is
  returns 1, or 0 when the job is not among the completed
]]
if not redis.call("ZSCORE", KEYS[2], ARGV[1]) then return 0 end
redis.call("HSET", KEYS[1], "opts", ARGV[2])
if redis.call("TYPE", KEYS[3]).ok ~= "list" then return 1 end
local lines = redis.call("LRANGE", KEYS[3], 0, -1)
local earlier = redis.call("HGET", KEYS[1], "drover:history")
if earlier then table.insert(lines, 1, earlier) end
local history = table.concat(lines, "\n")
if #history > tonumber(ARGV[3]) then return 1 end
redis.call("HSET", KEYS[1], "drover:history", history)
redis.call("DEL", KEYS[3])
return 1
