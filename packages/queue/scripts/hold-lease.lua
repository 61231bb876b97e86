--[[ Takes a lease, or renews it for the one who has it.
  KEYS[1] the lease
  ARGV[1] holder  [2] how long it lasts, in ms
  returns 1, or 0 while another holder has it
]]
local holder = redis.call("GET", KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return 1
