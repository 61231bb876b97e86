--[[ Around a script of BullMQ's that lets one job wait. Stands after `lines.lua`.
  `id` is the job's, nil for the one that BullMQ's script returns; `now` is given where that script looks for jobs
  whose time has come
  returns what BullMQ's does
]]
if now then promoteDue(now) end
local answer = bullmq()
enter(id or answer)
return answer
