--[[ Adds an API key, if there is room and none of its id.
  KEYS[1] API keys (hash: id → JSON)
  ARGV[1] id of the key  [2] key as JSON  [3] how many there can be
  returns 1, or 0 when it was not added
]]
if redis.call("HLEN", KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
return redis.call("HSETNX", KEYS[1], ARGV[1], ARGV[2])
