--[[ Clears what is left of a job whose record is gone (evicted, or deleted by hand): BullMQ would hand its
  id to a worker as a job without data, and would not add the job again while the worker that lost it holds
  the lease or a stub of the hash is there.
  KEYS[1] job hash  [2] lock  [3] stalled  [4] active  [5] wait  [6] paused  [7] delayed  [8] prioritized
    [9] completed  [10] failed
  ARGV[1] job id
  returns 1, or 0 when the record is there
]]
if redis.call("HEXISTS", KEYS[1], "data") == 1 then return 0 end
redis.call("DEL", KEYS[1], KEYS[2])
redis.call("SREM", KEYS[3], ARGV[1])
for i = 4, 6 do redis.call("LREM", KEYS[i], 0, ARGV[1]) end
for i = 7, 10 do redis.call("ZREM", KEYS[i], ARGV[1]) end
return 1
