--[[ Which of some jobs of one queue may have a status, and what was asked for and why they failed, without
  reading the rest of them.
  KEYS[1] completed  [2] failed  [3] active  [4...] the job hashes, or none when the requests are not wanted
  ARGV[1] "completed" | "failed" | "active" | "waiting" for none of them | "" for any  [2...] job ids
  returns { place in ARGV from 0, data or "", failedReason or "", … } of those that may
]]
local active = {}
if ARGV[1] == "active" or ARGV[1] == "waiting" then
  for _, id in ipairs(redis.call("LRANGE", KEYS[3], 0, -1)) do active[id] = true end
end
local found = {}
for i = 2, #ARGV do
  local isOf = true
  if ARGV[1] == "completed" then isOf = redis.call("ZSCORE", KEYS[1], ARGV[i])
  elseif ARGV[1] == "failed" then isOf = redis.call("ZSCORE", KEYS[2], ARGV[i])
  elseif ARGV[1] == "active" then isOf = active[ARGV[i]]
  elseif ARGV[1] == "waiting" then
    isOf = not (active[ARGV[i]] or redis.call("ZSCORE", KEYS[1], ARGV[i]) or redis.call("ZSCORE", KEYS[2], ARGV[i]))
  end
  if isOf then
    local fields = #KEYS > 3 and redis.pcall("HMGET", KEYS[i + 2], "data", "failedReason") or {}
    table.insert(found, i - 2)
    table.insert(found, fields[1] or "")
    table.insert(found, fields[2] or "")
  end
end
return found
