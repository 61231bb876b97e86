--[[ Adds an endpoint, if there is room.
  KEYS[1] endpoints (hash: id → JSON)
  ARGV[1] endpoint id  [2] endpoint as JSON  [3] how many there can be
  returns 1, or 0 when there are as many
]]
if redis.call("HLEN", KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call("HSET", KEYS[1], ARGV[1], ARGV[2])
return 1
