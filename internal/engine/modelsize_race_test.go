//go:build race

package engine_test

// The race detector makes a step about ten times as slow.
const (
	modelRounds = 2
	modelSteps  = 400
)
