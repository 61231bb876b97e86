--[[ Puts an endpoint in the place of what it was, unless another came first.
  KEYS[1] endpoints (hash: id → JSON)
  ARGV[1] endpoint id  [2] endpoint as JSON, as it was  [3] as it is to be
  returns 1, or 0 when it is not so any more
]]
if redis.call("HGET", KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call("HSET", KEYS[1], ARGV[1], ARGV[3])
return 1
