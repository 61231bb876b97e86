--[[ Removes a job whose record cannot be read, whatever lies under its keys and wherever it waits.
  KEYS[1] job hash  [2] lock  [3] logs  [4] history  [5] active  [6] wait  [7] paused  [8] stalled
    [9] prioritized  [10] delayed  [11] completed  [12] failed
    [13] receivers that jobs name
  ARGV[1] job id
  returns 1
]]
for i = 5, 7 do redis.pcall("LREM", KEYS[i], 0, ARGV[1]) end
redis.pcall("SREM", KEYS[8], ARGV[1])
for i = 9, 12 do redis.pcall("ZREM", KEYS[i], ARGV[1]) end
redis.pcall("HDEL", KEYS[13], ARGV[1])
redis.call("DEL", KEYS[1], KEYS[2], KEYS[3], KEYS[4])
return 1
