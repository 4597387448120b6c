package journeys

import "aicmcp/server/aic"

// crew sends requests side by side, some at once. What one brings may lead to more.
type crew struct {
	waiting []func() (then func())
}

// ask has a request sent when it is its turn. What send returns is called by run.
func (c *crew) ask(send func() (then func())) { c.waiting = append(c.waiting, send) }

// run returns when all that was asked is done.
func (c *crew) run() {
	done := make(chan func())
	for underway := 0; underway > 0 || len(c.waiting) > 0; {
		for ; underway < aic.AtOnce && len(c.waiting) > 0; underway++ {
			send := c.waiting[0]
			c.waiting = c.waiting[1:]
			go func() { done <- send() }()
		}
		then := <-done
		underway--
		then()
	}
}
