--[[ How many jobs of a queue run, and how many wait for a worker, their time or a retry.
  KEYS[1] active  [2] wait  [3] paused  [4] prioritized  [5] delayed
  returns { running, waiting }
]]
local waiting = redis.call("LLEN", KEYS[2]) + redis.call("LLEN", KEYS[3])
waiting = waiting + redis.call("ZCARD", KEYS[4]) + redis.call("ZCARD", KEYS[5])
return { redis.call("LLEN", KEYS[1]), waiting }
