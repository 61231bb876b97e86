--[[ Around BullMQ's script that ends a job and may take the next. Stands after `take-turns.lua`.
  ARGV[1] job id  [2] now, ms since the epoch  [6] "1" to take the next
  returns what BullMQ's does
]]
if ARGV[6] ~= "1" then
  local answer = bullmq()
  -- Its tenant or the processor may have been at its limit. A worker without work finds out.
  if redis.call("EXISTS", prioritized) == 1 then redis.call("ZADD", queue .. "marker", 0, "0") end
  return answer
end
promoteDue(ARGV[2])
local turn = turnBut(ARGV[1])
if turn == false then ARGV[6] = "0" end
return take(turn, bullmq)
