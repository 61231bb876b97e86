--[[ Keeps a delivery, unless it is known; the oldest that is not pending makes room.
  KEYS[1] deliveries of the job (hash: id → JSON)
  ARGV[1] delivery id  [2] delivery as JSON  [3] how long they are kept, in ms  [4] how many are kept
  returns the delivery as it is kept
]]
local known = redis.call("HGET", KEYS[1], ARGV[1])
if known then return known end
if redis.call("HLEN", KEYS[1]) >= tonumber(ARGV[4]) then
  local entries, oldest = redis.call("HGETALL", KEYS[1])
  for i = 1, #entries, 2 do
    local isRead, delivery = pcall(cjson.decode, entries[i + 1])
    local at = isRead and tonumber(delivery.createdAt) or 0
    local isPending = isRead and delivery.status == "pending"
    if not isPending and (not oldest or at < oldest.at) then oldest = { id = entries[i], at = at } end
  end
  if oldest then redis.call("HDEL", KEYS[1], oldest.id) end
end
redis.call("HSET", KEYS[1], ARGV[1], ARGV[2])
redis.call("PEXPIRE", KEYS[1], ARGV[3])
return ARGV[2]
