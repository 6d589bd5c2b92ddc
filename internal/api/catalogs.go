package api

// DescribeCatalogApprovers reads the approvers of all flows of a catalog: a set of flows that are signed through one link. No
// action makes a catalog.
var DescribeCatalogApprovers = Action[DescribeCatalogApproversRequest, DescribeCatalogApproversResponse]{"DescribeCatalogApprovers"}

// DescribeCatalogApproversRequest is what DescribeCatalogApprovers takes.
type DescribeCatalogApproversRequest struct {
	Caller    Caller `json:"Caller" form:"-" validate:"required"`
	CatalogId string `json:"CatalogId" validate:"required"`
	UserId    string `json:"UserId,omitempty"`
}

// DescribeCatalogApproversResponse is what DescribeCatalogApprovers answers.
type DescribeCatalogApproversResponse struct {
	Approvers []CatalogApprovers `json:"Approvers"`
	RequestId string             `json:"RequestId"`
}

// DescribeCatalogSignComponents reads the sign areas that the operator has in the flows of a catalog.
var DescribeCatalogSignComponents = Action[DescribeCatalogSignComponentsRequest, DescribeCatalogSignComponentsResponse]{"DescribeCatalogSignComponents"}

// DescribeCatalogSignComponentsRequest is what DescribeCatalogSignComponents takes.
type DescribeCatalogSignComponentsRequest struct {
	Caller    Caller `json:"Caller" form:"-" validate:"required"`
	CatalogId string `json:"CatalogId" validate:"required"`
}

// DescribeCatalogSignComponentsResponse is what DescribeCatalogSignComponents answers.
type DescribeCatalogSignComponentsResponse struct {
	// SignComponents are the areas that this approver signs.
	SignComponents []CatalogComponents `json:"SignComponents"`
	RequestId      string              `json:"RequestId"`
}
