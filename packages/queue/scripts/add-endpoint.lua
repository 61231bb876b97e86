--[[ Adds an endpoint, if there is room.
  KEYS[1] endpoints (hash: id → JSON)
  ARGV[1] endpoint id  [2] endpoint as JSON  [3] how many there can be  [4] how many of one tenant
    [5] its tenant  [6] the tenant of an endpoint that names none
  returns 1, or 0 when there are as many
]]
if redis.call("HLEN", KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
local own = 0
for _, json in ipairs(redis.call("HVALS", KEYS[1])) do
  local isRead, endpoint = pcall(cjson.decode, json)
  if isRead and type(endpoint) == "table" and (endpoint.tenant or ARGV[6]) == ARGV[5] then own = own + 1 end
end
if own >= tonumber(ARGV[4]) then return 0 end
redis.call("HSET", KEYS[1], ARGV[1], ARGV[2])
return 1
