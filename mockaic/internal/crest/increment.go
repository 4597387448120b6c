package crest

import (
	"encoding/json"
	"math"
	"strconv"
)

// increment adds to a number or to each number of a list.
func (p *patcher) increment(field Pointer, by any) error {
	amount, ok := by.(json.Number)
	if !ok || len(field) == 0 {
		return fault(field, noValue)
	}
	v, found := p.find(field)
	if !found {
		return Errorf(400, "The field '%s' does not exist", field)
	}
	l, ok := v.(*list)
	if !ok {
		sum, err := addNumber(field, v, amount)
		if err != nil {
			return err
		}
		return p.put(field, sum)
	}
	if err := p.spend(len(l.items)); err != nil {
		return err
	}
	for i, member := range l.items {
		sum, err := addNumber(field, member, amount)
		if err != nil {
			return err
		}
		l.items[i] = sum
	}
	return nil
}

// addNumber keeps the kind of v: integers of 32 and of 64 bits take the truncated amount and wrap, doubles take all of it.
func addNumber(field Pointer, v any, amount json.Number) (json.Number, error) {
	n, ok := v.(json.Number)
	if !ok {
		return "", Errorf(400, "The field '%s' is not a number", field)
	}
	if !isInteger(n) {
		sum := double(n) + double(amount)
		if math.IsInf(sum, 0) || math.IsNaN(sum) {
			return "", Errorf(400, "The field '%s' would be too large for a number", field)
		}
		return json.Number(formatDouble(sum)), nil
	}
	i, err := n.Int64()
	if err != nil {
		return "", Errorf(400, "The field '%s' is not a number", field)
	}
	if i == int64(int32(i)) {
		i = int64(int32(i) + int32(truncate(amount, math.MinInt32, math.MaxInt32)))
	} else {
		i += truncate(amount, math.MinInt64, math.MaxInt64)
	}
	return json.Number(strconv.FormatInt(i, 10)), nil
}

// truncate converts as Java does: integers keep their low 64 bits, of which the caller may use fewer, and doubles are limited
// to the range of the target.
func truncate(n json.Number, least, most int64) int64 {
	if !isInteger(n) {
		switch f := math.Trunc(double(n)); {
		case f <= float64(least):
			return least
		case f >= float64(most):
			return most
		default:
			return int64(f)
		}
	}
	var bits int64
	for i := range len(n) {
		if n[i] != '-' {
			bits = bits*10 + int64(n[i]-'0')
		}
	}
	if n[0] == '-' {
		return -bits
	}
	return bits
}
