--[[ Lets BullMQ take the job whose turn it is. Stands after `lines.lua`, around the two scripts of BullMQ that take
  a job: the one that takes the first of `wait`, else of `prioritized`.
  The turn is that of the tenant with the fewest running jobs, among these of the one whose latest turn was the
  longest ago; then it is that tenant's job with the lowest score. Tenants at their limit are passed over.
]]

-- The job whose turn it is: { tenant, id, score }; nil where BullMQ's own order will do; false when those that
-- wait may not run now.
local function turnBut(ending)
  local hasLimits = redis.call("EXISTS", queue .. "limits") == 1
  if redis.call("LLEN", queue .. "wait") > 0 then return nil end -- from lost workers; they go first
  if not hasLimits and redis.call("ZCARD", turns) < 2 then return nil end
  local running, turn, fewest, isHeld, from = nil, nil, nil, false, 0
  local gone = {}
  repeat
    local tenants = redis.call("ZRANGE", turns, from, from + 99)
    for _, tenant in ipairs(tenants) do
      local id, score = firstOf(tenant)
      if id then
        running = running or runningBut(ending)
        local count = running[tenant] or 0
        local limit = hasLimits and limitOf(tenant)
        if limit and count >= limit then isHeld = true
        elseif not fewest or count < fewest then turn, fewest = { tenant, id, score }, count end
      elseif not running then table.insert(gone, tenant) end -- it would be first again anyway
      if fewest == 0 then break end
    end
    from = from + 100
  until fewest == 0 or #tenants < 100
  for _, tenant in ipairs(gone) do redis.call("ZREM", turns, tenant) end
  if turn then return turn end
  if isHeld then return false end
  return nil
end

-- A job has left `prioritized`: it leaves its line, and its tenant had its turn.
local function leave(tenant, id)
  redis.call("ZREM", lineOf(tenant), id)
  if redis.call("EXISTS", prioritized) == 0 then
    for _, other in ipairs(redis.call("ZRANGE", turns, 0, -1)) do redis.call("DEL", lineOf(other)) end
    redis.call("DEL", turns, queue .. "running")
  elseif redis.call("ZCARD", turns) > 1 then
    local newest = redis.call("ZRANGE", turns, -1, -1, "WITHSCORES")[2]
    redis.call("ZADD", turns, tonumber(newest) + 1, tenant)
  end
end

-- Runs BullMQ's script with the job of the turn before all others, and answers what it answers.
local function take(turn, bullmq)
  if turn then redis.call("ZADD", prioritized, 0, turn[2]) end
  local answer = bullmq()
  local taken = type(answer) == "table" and type(answer[2]) == "string" and answer[2]
  if turn and taken ~= turn[2] then redis.call("ZADD", prioritized, "XX", turn[3], turn[2]) end
  if taken then leave(turn and taken == turn[2] and turn[1] or tenantOf(taken), taken) end
  return answer
end
