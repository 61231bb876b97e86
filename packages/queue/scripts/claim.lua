--[[ Reserves an idempotency key, or says what it was reserved for.
  KEYS[1] the key
  ARGV[1] "<job id> <fingerprint>"  [2] TTL in ms
  returns what the key holds now
]]
local held = redis.call("GET", KEYS[1])
if held then return held end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return ARGV[1]
