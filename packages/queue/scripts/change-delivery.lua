--[[ Puts a delivery in the place of what is known of it; not when it was erased.
  KEYS[1] deliveries of the job (hash: id → JSON)
  ARGV[1] delivery id  [2] delivery as JSON  [3] how long they are kept, in ms
  returns 1, or 0 when there is none
]]
if redis.call("HEXISTS", KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call("HSET", KEYS[1], ARGV[1], ARGV[2])
redis.call("PEXPIRE", KEYS[1], ARGV[3])
return 1
