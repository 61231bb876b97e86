--[[ Notes up to where webhooks were told.
  KEYS[1] position  [2] ends that are owed (list)
  ARGV[1] position in the event stream, or "" for no change  [2...] owed ends that were told
]]
if ARGV[1] ~= "" then redis.call("SET", KEYS[1], ARGV[1]) end
for i = 2, #ARGV do redis.call("LREM", KEYS[2], 1, ARGV[i]) end
return 1
