package api

// DescribeCatalogApprovers: approvers of every flow in a catalog.
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

// DescribeCatalogSignComponents: sign areas of every flow in a catalog, with SignId.
var DescribeCatalogSignComponents = Action[DescribeCatalogSignComponentsRequest, DescribeCatalogSignComponentsResponse]{"DescribeCatalogSignComponents"}

// DescribeCatalogSignComponentsRequest is what DescribeCatalogSignComponents takes.
type DescribeCatalogSignComponentsRequest struct {
	Caller    Caller `json:"Caller" form:"-" validate:"required"`
	CatalogId string `json:"CatalogId" validate:"required"`
}

// DescribeCatalogSignComponentsResponse is what DescribeCatalogSignComponents answers.
type DescribeCatalogSignComponentsResponse struct {
	SignComponents []CatalogComponents `json:"SignComponents"`
	RequestId      string              `json:"RequestId"`
}
