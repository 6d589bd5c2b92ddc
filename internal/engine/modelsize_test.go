//go:build !race

package engine_test

// How much TestModel walks: so many engines, each with so many steps.
const (
	modelRounds = 10
	modelSteps  = 1100
)
